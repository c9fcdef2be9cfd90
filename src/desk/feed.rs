//! Carries call events to the screens: one task folds them, and each line has a `watch` that holds its cards.
//!
//! A screen that falls behind skips states and never makes a call wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, watch};

use super::{Card, Screen};
use crate::base::{Lifecycle, Line};
use crate::call::CallEvent;

/// The cards of one line, or of all, oldest call first.
pub type Cards = Arc<[Arc<Card>]>;

/// Cheap to clone; every clone shows the same cards.
#[derive(Clone)]
pub struct Feed {
    shared: Arc<Shared>,
}

struct Shared {
    all: watch::Sender<Cards>,
    /// Lines that have a card or a watcher.
    lines: Mutex<HashMap<Line, watch::Sender<Cards>>>,
}

/// Events folded before the screens hear of it. More would only delay the first of them.
const BATCH: usize = 64;

impl Feed {
    /// Starts the folding task. It ends when the last sender of `events` is gone, or at a hard shutdown.
    /// `max_cards`: see [`Screen::new`]; a card with its dossier is 2 to 20 kB.
    pub fn start(mut events: mpsc::Receiver<CallEvent>, max_cards: usize, life: &Lifecycle) -> Feed {
        let shared = Arc::new(Shared { all: watch::Sender::new(Cards::from([])), lines: Mutex::default() });
        let feed = Feed { shared: Arc::clone(&shared) };
        let hard = life.hard().clone();
        life.spawn(async move {
            let mut screen = Screen::new(max_cards);
            let mut batch = Vec::with_capacity(BATCH);
            loop {
                let received = tokio::select! {
                    () = hard.cancelled() => 0,
                    received = events.recv_many(&mut batch, BATCH) => received,
                };
                if received == 0 {
                    break;
                }
                let mut changed: Vec<Line> = batch.drain(..).flat_map(|event| screen.apply(event)).collect();
                changed.sort();
                changed.dedup();
                shared.publish(&screen, &changed);
            }
        });
        feed
    }

    /// The cards of all lines.
    pub fn all(&self) -> watch::Receiver<Cards> {
        self.shared.all.subscribe()
    }

    /// The cards of one line, also of one that nobody has called yet.
    pub fn line(&self, line: &Line) -> watch::Receiver<Cards> {
        let mut lines = self.shared.lines();
        // Lines that were only watched go when their watchers have gone: otherwise made-up lines would pile up.
        lines.retain(|_, cards| cards.receiver_count() > 0 || !cards.borrow().is_empty());
        lines.entry(line.clone()).or_insert_with(|| watch::Sender::new(Cards::from([]))).subscribe()
    }
}

impl Shared {
    fn publish(&self, screen: &Screen, changed: &[Line]) {
        if changed.is_empty() {
            return;
        }
        let mut lines = self.lines();
        for line in changed {
            let cards: Cards = screen.on_line(line).cloned().collect();
            match lines.get(line) {
                Some(watched) if cards.is_empty() && watched.receiver_count() == 0 => drop(lines.remove(line)),
                Some(watched) => drop(watched.send_replace(cards)),
                None => drop(lines.insert(line.clone(), watch::Sender::new(cards))),
            }
        }
        drop(lines);
        self.all.send_replace(screen.all().cloned().collect());
    }

    /// A poisoned map is still a whole map: every change to it is a single call.
    fn lines(&self) -> MutexGuard<'_, HashMap<Line, watch::Sender<Cards>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
