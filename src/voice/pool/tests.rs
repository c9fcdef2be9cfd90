use std::time::Duration;

use super::*;
use crate::speech::WINDOW_FRAMES;
use crate::voice::ModelSource;

fn embedder() -> Embedder {
    ModelSource::default().embedder().unwrap()
}

fn models() -> Models {
    Models { embedder: embedder(), spoof: None }
}

fn window(net_speech_ms: u32) -> Window {
    let mels = (0..WINDOW_FRAMES * 40).map(|n| ((n * net_speech_ms as usize) % 97) as f32 * 1e-4).collect();
    Window::of_features(mels, net_speech_ms)
}

#[tokio::test]
async fn each_call_gets_the_embeddings_of_its_own_windows() {
    let (embedder, lifecycle) = (embedder(), Lifecycle::default());
    let pool = Pool::start(&embedder, None, 2, &lifecycle).unwrap();
    let mut calls: Vec<_> = (0..5).map(|n| (1600 + n, pool.client())).collect();
    for (ms, client) in &calls {
        client.submit(window(*ms));
    }
    for (ms, client) in &mut calls {
        let Embedded { net_speech_ms, embedding, spoof } = client.recv().await.unwrap();
        assert!(spoof.is_none());
        assert_eq!(net_speech_ms, *ms);
        assert_eq!(embedding.unwrap(), embedder.embed(&window(*ms)).unwrap());
        assert_eq!(client.dropped(), 0);
    }
    lifecycle.shut_down_hard();
    assert!(lifecycle.finished(Duration::from_secs(10)).await, "the threads end with the hard shutdown");
}

#[tokio::test]
async fn the_newest_window_of_a_call_wins_and_the_others_are_counted() {
    // A pool whose thread has not begun: its queue is read further down.
    let (queue, jobs) = std::sync::mpsc::sync_channel(QUEUE);
    let pool = Pool { workers: [Worker { queue, load: Arc::default() }].into() };
    let mut client = pool.client();
    for ms in [1600, 2400, 3200] {
        client.submit(window(ms));
    }
    assert_eq!(client.dropped(), 2);
    let slot = match jobs.try_recv() {
        Ok(Job::Embed(slot)) => Some(slot),
        _ => None,
    };
    let slot = slot.expect("the call waits in the queue");
    assert!(jobs.try_recv().is_err(), "once, however many windows it has submitted");
    embed(&models(), &slot, None);
    assert_eq!(client.recv().await.unwrap().net_speech_ms, 3200);
}

#[test]
fn a_full_queue_drops_and_counts_and_never_blocks() {
    let (queue, _jobs) = std::sync::mpsc::sync_channel(1);
    let pool = Pool { workers: [Worker { queue, load: Arc::default() }].into() };
    let (first, second) = (pool.client(), pool.client());
    first.submit(window(1600));
    second.submit(window(1600));
    second.submit(window(2400));
    assert_eq!((first.dropped(), second.dropped()), (0, 2));
    assert_eq!(pool.workers[0].load.load(Ordering::Relaxed), 1, "what was refused is no load");
}

#[tokio::test]
async fn two_calls_that_wait_are_embedded_together_and_one_that_has_ended_holds_nobody_up() {
    let models = models();
    let embedder = &models.embedder;
    let (queue, _jobs) = std::sync::mpsc::sync_channel(QUEUE);
    let pool = Pool { workers: [Worker { queue, load: Arc::default() }].into() };
    let (mut first, mut second, ended) = (pool.client(), pool.client(), pool.client());
    first.submit(window(1600));
    second.submit(window(2400));
    embed(&models, &first.slot, Some(&second.slot));
    for (client, ms) in [(&mut first, 1600), (&mut second, 2400)] {
        let Embedded { net_speech_ms, embedding, .. } = client.recv().await.unwrap();
        assert_eq!((net_speech_ms, embedding.unwrap()), (ms, embedder.embed(&window(ms)).unwrap()));
    }
    first.submit(window(3200));
    ended.submit(window(1600));
    let slot = ended.slot.clone();
    drop(ended);
    embed(&models, &slot, Some(&first.slot));
    assert_eq!(first.recv().await.unwrap().net_speech_ms, 3200);
}
