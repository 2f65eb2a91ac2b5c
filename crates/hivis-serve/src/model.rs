//! The release that serves, behind one pointer.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use hivis_engine::Engine;
use hivis_types::ReleaseId;

use crate::event;

/// A release that is loaded and can answer.
#[derive(Clone)]
pub struct Loaded {
    /// Its name.
    pub release: ReleaseId,
    /// What runs it.
    pub engine: Arc<dyn Engine>,
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Loaded({}, {:?})", self.release, self.engine.card())
    }
}

/// The pointer to the release that serves. Clones are handles to the same pointer.
///
/// A batch that is in the engine finishes with the release it began with; the next one takes the new.
#[derive(Clone, Debug, Default)]
pub struct Models {
    current: Arc<ArcSwapOption<Loaded>>,
}

impl Models {
    /// Lets `loaded` serve from the next batch on and gives back what served before.
    pub fn swap(&self, loaded: Loaded) -> Option<Arc<Loaded>> {
        let loaded = Arc::new(loaded);
        let before = self.current.swap(Some(Arc::clone(&loaded)));
        event::release_swapped(before.as_deref(), Some(&loaded));
        before
    }

    /// Takes the release away; every challenge is answered -1 until the next swap.
    pub fn clear(&self) -> Option<Arc<Loaded>> {
        let before = self.current.swap(None);
        event::release_swapped(before.as_deref(), None);
        before
    }

    /// What serves now.
    pub fn current(&self) -> Option<Arc<Loaded>> {
        self.current.load_full()
    }
}
