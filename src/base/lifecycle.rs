//! Starting tasks and ending them: every task is tracked, and a shutdown has two steps.
//!
//! Soft: no new calls (503 with Retry-After), those under way finish. Hard: BYE, close, stop.

use std::future::Future;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Cheap to clone; every clone speaks of the same process.
#[derive(Clone, Default)]
pub struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
}

impl Lifecycle {
    /// Starts a task that [`Lifecycle::finished`] waits for.
    pub fn spawn<F>(&self, task: F) -> tokio::task::JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tasks.spawn(task)
    }

    /// Runs what keeps a thread busy for long beside the tasks, on a thread of its own; [`Lifecycle::finished`] waits for it too.
    pub fn spawn_blocking<F, T>(&self, work: F) -> tokio::task::JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.tasks.spawn_blocking(work)
    }

    /// Cancelled when no new work is to be taken.
    pub fn soft(&self) -> &CancellationToken {
        &self.soft
    }

    /// Cancelled when what is under way must end now.
    pub fn hard(&self) -> &CancellationToken {
        &self.hard
    }

    pub fn shut_down_softly(&self) {
        self.soft.cancel();
    }

    pub fn shut_down_hard(&self) {
        self.soft.cancel();
        self.hard.cancel();
    }

    /// Waits until every task has ended; `false` when some still ran after `at_most`.
    pub async fn finished(&self, at_most: Duration) -> bool {
        self.tasks.close();
        tokio::time::timeout(at_most, self.tasks.wait()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hard_shutdown_is_also_a_soft_one_and_waits_for_its_tasks() {
        let life = Lifecycle::default();
        let hard = life.hard().clone();
        let task = life.spawn(async move {
            hard.cancelled().await;
            7
        });
        assert!(!life.finished(Duration::from_millis(10)).await, "the task still runs");
        life.shut_down_hard();
        assert!(life.soft().is_cancelled());
        assert!(life.finished(Duration::from_secs(10)).await);
        assert_eq!(task.await.unwrap(), 7);
    }
}
