//! Fixed threads for inference: 10 ms of arithmetic has no place on the threads that move packets.
//!
//! A call has one place for a waiting window. When inference falls behind, the newest window of a call takes the place
//! of the one before: nothing queues up, and what is computed is always about now.
//!
//! When two calls wait at a thread, their windows share one reading of the model's weights (docs/decisions/0016).

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::{mpsc, oneshot};

use super::{Embedder, Embedding, SpoofModel, VoiceError};
use crate::base::Lifecycle;
use crate::speech::Window;

/// The threads and the way to them. Cheap to clone.
#[derive(Clone)]
pub struct Pool {
    workers: Arc<[Worker]>,
}

struct Worker {
    queue: std::sync::mpsc::SyncSender<Job>,
    /// Calls that wait here, the one under way included.
    load: Arc<AtomicUsize>,
}

enum Job {
    Embed(Arc<Slot>),
    Stop,
}

/// What the threads run.
#[derive(Clone)]
struct Models {
    embedder: Embedder,
    spoof: Option<SpoofModel>,
}

/// Calls that may wait at one thread. Each entry is a pointer; the windows wait in the calls' slots (26 kB each, and 51 kB
/// more with an anti-spoofing model).
const QUEUE: usize = 1024;

impl Pool {
    /// Starts `threads` of them (at least one). They end with the hard shutdown. `spoof` scores the windows that hold what
    /// it reads.
    pub fn start(
        embedder: &Embedder,
        spoof: Option<&SpoofModel>,
        threads: usize,
        lifecycle: &Lifecycle,
    ) -> std::io::Result<Self> {
        let models = Models { embedder: embedder.clone(), spoof: spoof.cloned() };
        let mut workers = Vec::new();
        for n in 0..threads.max(1) {
            let (queue, jobs) = std::sync::mpsc::sync_channel(QUEUE);
            let load = Arc::new(AtomicUsize::new(0));
            let (ended, has_ended) = oneshot::channel::<()>();
            let (models, its_load) = (models.clone(), load.clone());
            let hard = lifecycle.hard().clone();
            let stopped = hard.clone();
            thread::Builder::new().name(format!("voice-{n}")).spawn(move || {
                let _ended = ended;
                while let Ok(Job::Embed(slot)) = jobs.recv()
                    && !stopped.is_cancelled()
                {
                    let (second, stop) = match jobs.try_recv() {
                        Ok(Job::Embed(second)) => (Some(second), false),
                        Ok(Job::Stop) => (None, true),
                        Err(_) => (None, false),
                    };
                    let calls = 1 + usize::from(second.is_some());
                    embed(&models, &slot, second.as_deref());
                    its_load.fetch_sub(calls, Ordering::Relaxed);
                    if stop {
                        break;
                    }
                }
            })?;
            // Tracked, so that a shutdown waits for the thread; `has_ended` resolves when the thread drops its end.
            let to_worker = queue.clone();
            lifecycle.spawn(async move {
                hard.cancelled().await;
                // A full queue needs no waking: the thread looks at the token after every window.
                let _ = to_worker.try_send(Job::Stop);
                let _ = has_ended.await;
            });
            workers.push(Worker { queue, load });
        }
        Ok(Self { workers: workers.into() })
    }

    /// One for every call.
    pub fn client(&self) -> PoolClient {
        let (results, receiver) = mpsc::channel(RESULTS);
        let slot = Arc::new(Slot { waiting: Mutex::new(None), results, dropped: AtomicU64::new(0) });
        PoolClient { workers: self.workers.clone(), slot, results: receiver }
    }
}

/// What became of a window.
pub struct Embedded {
    /// Net speech of the call at the window's end.
    pub net_speech_ms: u32,
    pub embedding: Result<Embedding, VoiceError>,
    /// How likely the voice is spoofed, 0 to 1; `None` where the window does not ask.
    pub spoof: Option<Result<f32, VoiceError>>,
}

/// Results that a call has not fetched yet; 1 kB each. A call that falls this far behind loses the newest.
const RESULTS: usize = 8;

/// One call's way to the threads and back.
pub struct PoolClient {
    workers: Arc<[Worker]>,
    slot: Arc<Slot>,
    results: mpsc::Receiver<Embedded>,
}

impl PoolClient {
    /// Never waits. A window of this call that has not been begun yet is replaced and counted as dropped.
    pub fn submit(&self, window: Window) {
        if self.slot.put(window) {
            return;
        }
        let queued =
            self.workers.iter().min_by_key(|worker| worker.load.load(Ordering::Relaxed)).is_some_and(|worker| {
                worker.load.fetch_add(1, Ordering::Relaxed);
                let sent = worker.queue.try_send(Job::Embed(self.slot.clone())).is_ok();
                if !sent {
                    worker.load.fetch_sub(1, Ordering::Relaxed);
                }
                sent
            });
        if !queued {
            self.slot.take();
            self.slot.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The next result in the order of completion; cancel-safe. `None` never comes while this client lives.
    pub async fn recv(&mut self) -> Option<Embedded> {
        self.results.recv().await
    }

    /// Windows that were replaced by newer ones or found every queue full.
    pub fn dropped(&self) -> u64 {
        self.slot.dropped.load(Ordering::Relaxed)
    }
}

/// The place of one call's waiting window. The lock is the call's own and held for a move.
struct Slot {
    waiting: Mutex<Option<Window>>,
    results: mpsc::Sender<Embedded>,
    dropped: AtomicU64,
}

impl Slot {
    /// `true` when a window already waited: it is gone, and the call is already in a queue.
    fn put(&self, window: Window) -> bool {
        let replaced = self.lock().replace(window).is_some();
        if replaced {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        replaced
    }

    fn take(&self) -> Option<Window> {
        self.lock().take()
    }

    /// The waiting window, unless the call has ended meanwhile.
    fn begin(&self) -> Option<Window> {
        self.take().filter(|_| !self.results.is_closed())
    }

    fn finish(&self, models: &Models, window: &Window, embedding: Result<Embedding, VoiceError>) {
        let spoof = models.spoof.as_ref().zip(window.spoof.as_ref()).map(|(model, rows)| model.score(rows));
        let embedded = Embedded { net_speech_ms: window.net_speech_ms, embedding, spoof };
        if self.results.try_send(embedded).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Window>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The windows of one call, or of two together.
fn embed(models: &Models, first: &Slot, second: Option<&Slot>) {
    let second = second.and_then(|slot| Some((slot, slot.begin()?)));
    match (first.begin().map(|window| (first, window)), second) {
        (Some((first, one)), Some((second, two))) => {
            let [of_one, of_two] = models.embedder.embed_two([&one, &two]);
            first.finish(models, &one, of_one);
            second.finish(models, &two, of_two);
        }
        (Some((slot, window)), None) | (None, Some((slot, window))) => {
            slot.finish(models, &window, models.embedder.embed(&window));
        }
        (None, None) => {}
    }
}

#[cfg(test)]
mod tests;
