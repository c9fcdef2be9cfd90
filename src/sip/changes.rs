//! What happens to each dialog, told to the one who holds it.

use std::collections::HashMap;

use rsipstack::dialog::DialogId;
use rsipstack::dialog::dialog::{
    DialogState, DialogStateReceiver, DialogStateSender, TerminatedReason, TransactionHandle,
};
use rsipstack::sip::Request;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::dialog::Why;

pub(super) enum Change {
    /// An ACK has come.
    Confirmed,
    /// A re-INVITE or UPDATE. Letting go of it unanswered has rsipstack answer 501.
    Requested(Box<(Request, TransactionHandle)>),
    /// The last one.
    Ended(Why),
}

pub(super) type Changes = mpsc::Receiver<Change>;

/// One queue for all dialogs of an endpoint. rsipstack would have one for each, and reserves 32 states of 300 bytes in it
/// however few come: a fifth of what a held call takes.
pub(super) struct Exchange {
    told: DialogStateSender,
    states: DialogStateReceiver,
    /// By Call-ID and our own tag, which say whose it is before the peer's tag is known.
    dialogs: HashMap<(String, String), mpsc::Sender<Change>>,
}

/// How many changes wait for the holder of a dialog. The holder always reads: this is for the moment of its next turn.
const WAITING: usize = 16;

impl Exchange {
    #[allow(clippy::disallowed_methods)] // rsipstack's type; fed by transactions, which pass the gate one by one
    pub(super) fn new() -> Self {
        let (told, states) = mpsc::unbounded_channel();
        Self { told, states, dialogs: HashMap::new() }
    }

    /// For rsipstack to tell into.
    pub(super) fn told(&self) -> DialogStateSender {
        self.told.clone()
    }

    /// To be called before a state of this dialog is passed on.
    pub(super) fn open(&mut self, id: DialogId) -> Changes {
        let (changes, receiver) = mpsc::channel(WAITING);
        self.dialogs.insert((id.call_id, id.local_tag), changes);
        receiver
    }

    /// The next state, to be passed on. Cancel-safe.
    pub(super) async fn next(&mut self) -> DialogState {
        match self.states.recv().await {
            Some(state) => state,
            None => unreachable!("the exchange holds a sender itself"),
        }
    }

    pub(super) fn pass_on(&mut self, state: DialogState) {
        let DialogId { call_id, local_tag, .. } = state.id().clone();
        let whose = (call_id, local_tag);
        let change = match state {
            DialogState::Confirmed(..) => Change::Confirmed,
            DialogState::Updated(_, request, handle) => Change::Requested(Box::new((request, handle))),
            DialogState::Terminated(_, reason) => {
                if let Some(dialog) = self.dialogs.remove(&whose) {
                    let _ = dialog.try_send(Change::Ended(why(&reason)));
                }
                return;
            }
            _ => return,
        };
        if let Some(dialog) = self.dialogs.get(&whose) {
            let _ = dialog.try_send(change);
        }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        while let Some(state) = stop.run_until_cancelled(self.next()).await {
            self.pass_on(state);
        }
    }
}

/// The holder of a dialog lets go of it: nothing of it is to be passed on any more.
pub(super) fn close(told: &DialogStateSender, id: DialogId) {
    let _ = told.send(DialogState::Terminated(id, TerminatedReason::UasBye));
}

fn why(reason: &TerminatedReason) -> Why {
    match reason {
        TerminatedReason::UacBye | TerminatedReason::UasBye => Why::Bye,
        TerminatedReason::UacCancel => Why::Cancelled,
        _ => Why::Failed,
    }
}
