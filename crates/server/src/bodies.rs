//! The room that request bodies take in memory, shared by all requests.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What every body may have without asking for room: more than most answers are.
const SMALL: usize = 4 * 1024;
/// Room is given out in pieces of so many bytes.
const PIECE: usize = 1024;

/// The room for what bodies have beyond their first 4 KiB.
#[derive(Debug)]
pub(crate) struct Bodies {
    pieces: usize,
    free: Arc<Semaphore>,
}

/// The room of one body, given back when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Room(Option<OwnedSemaphorePermit>);

impl Bodies {
    pub(crate) fn new(bytes: usize) -> Self {
        let pieces = (bytes / PIECE).min(Semaphore::MAX_PERMITS);
        Self { pieces, free: Arc::new(Semaphore::new(pieces)) }
    }

    /// Makes the room large enough for a body of so many bytes. Says whether it is.
    pub(crate) fn fit(&self, room: &mut Room, bytes: usize) -> bool {
        let needs = bytes.saturating_sub(SMALL).div_ceil(PIECE);
        let has = room.0.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if needs <= has {
            return true;
        }
        let Ok(more) = u32::try_from(needs - has) else { return false };
        let Ok(more) = Arc::clone(&self.free).try_acquire_many_owned(more) else { return false };
        match &mut room.0 {
            Some(room) => room.merge(more),
            None => room.0 = Some(more),
        }
        true
    }

    /// How many bytes are held.
    pub(crate) fn held(&self) -> usize {
        self.pieces.saturating_sub(self.free.available_permits()) * PIECE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_grows_with_a_body_and_is_given_back() {
        let bodies = Bodies::new(10 * 1024);
        let (mut a, mut b) = (Room::default(), Room::default());
        for (bytes, held) in [(0, 0), (SMALL, 0), (SMALL + 1, 1), (SMALL + 1024, 1), (SMALL + 6 * 1024, 6)] {
            assert!(bodies.fit(&mut a, bytes));
            assert_eq!(bodies.held(), held * 1024, "{bytes}");
        }
        assert!(bodies.fit(&mut b, SMALL), "small ones need none");
        assert!(!bodies.fit(&mut b, SMALL + 5 * 1024));
        drop(a);
        assert!(bodies.fit(&mut b, SMALL + 10 * 1024));
        assert_eq!(bodies.held(), 10 * 1024);
    }
}
