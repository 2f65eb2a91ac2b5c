//! An engine that stays in its batch until the test lets it go: what is asked meanwhile does not depend on the machine.

use std::{
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use hivis_serve::Loaded;

use crate::world::{PATIENCE, redness, scripted};

/// Open at first: batches pass until [`Gate::shut`].
#[derive(Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    opened: Condvar,
}

#[derive(Default)]
struct State {
    shut: bool,
    entered: usize,
    largest: usize,
}

impl Gate {
    /// A shut gate and a release whose engine answers [`redness`] once it is open, `time` later.
    pub(crate) fn new(time: Duration) -> (Arc<Self>, Loaded) {
        let gate = Arc::new(Self::default());
        gate.shut();
        let within = Arc::clone(&gate);
        let loaded = scripted(move |pictures| {
            within.pass(pictures.len());
            std::thread::sleep(time);
            Ok(redness(pictures))
        });
        (gate, loaded)
    }

    fn pass(&self, pictures: usize) {
        let mut state = self.state.lock().unwrap();
        state.entered += 1;
        state.largest = state.largest.max(pictures);
        drop(self.opened.wait_while(state, |state| state.shut).unwrap());
    }

    /// Batches that come from now on stay.
    pub(crate) fn shut(&self) {
        self.state.lock().unwrap().shut = true;
    }

    /// Lets every batch go.
    pub(crate) fn open(&self) {
        self.state.lock().unwrap().shut = false;
        self.opened.notify_all();
    }

    /// Waits until so many batches have come, those that went on among them.
    pub(crate) async fn entered(&self, batches: usize) {
        until(|| self.state.lock().unwrap().entered >= batches).await;
    }

    /// Pictures in the largest batch so far.
    pub(crate) fn largest(&self) -> usize {
        self.state.lock().unwrap().largest
    }
}

/// Waits until `holds`, looking every other millisecond.
pub(crate) async fn until(mut holds: impl FnMut() -> bool) {
    let look = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, look).await.expect("it comes to hold in time");
}
