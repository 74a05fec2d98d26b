//! Memory that requests may take together while they are read and decoded.
//!
//! Small requests have a share of their own, so that a few large ones keep nobody out.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Unit of the accounts, in bytes.
const UNIT: usize = 1024;

/// A request is small up to here, in bytes.
const SMALL: usize = 1 << 20;

/// The memory of one receiver.
#[derive(Clone, Debug)]
pub struct Budget {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

/// What one request has of it; given back when it is dropped.
#[derive(Debug)]
pub struct Lease {
    budget: Budget,
    bytes: usize,
    held: Option<OwnedSemaphorePermit>,
}

/// There is no more at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted;

impl Default for Budget {
    /// 32 MiB for small requests and 256 MiB for large ones.
    fn default() -> Self {
        Self::new(32 << 20, 256 << 20)
    }
}

impl Budget {
    /// So many bytes for small requests, and for large ones.
    #[must_use]
    pub fn new(small: usize, large: usize) -> Self {
        Self {
            small: Arc::new(Semaphore::new(small / UNIT)),
            large: Arc::new(Semaphore::new(large / UNIT)),
        }
    }

    /// A request begins; it has nothing yet.
    #[must_use]
    pub fn lease(&self) -> Lease {
        Lease {
            budget: self.clone(),
            bytes: 0,
            held: None,
        }
    }
}

impl Lease {
    /// Takes so many bytes more.
    ///
    /// # Errors
    /// Where others have them.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Exhausted> {
        self.resize(self.bytes.saturating_add(bytes))
    }

    /// Gives so many bytes back.
    pub fn shrink(&mut self, bytes: usize) {
        // Less can always be had of the same share; the larger one is not left again.
        _ = self.resize(self.bytes.saturating_sub(bytes));
    }

    fn resize(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let units = |bytes: usize| bytes.div_ceil(UNIT);
        let was_large = self
            .held
            .as_ref()
            .is_some_and(|held| Arc::ptr_eq(held.semaphore(), &self.budget.large));
        let share = if bytes > SMALL || was_large {
            &self.budget.large
        } else {
            &self.budget.small
        };
        let same = self
            .held
            .as_ref()
            .is_some_and(|held| Arc::ptr_eq(held.semaphore(), share));
        let held = if same { units(self.bytes) } else { 0 };
        let wanted = units(bytes);
        if wanted > held || !same {
            let more = u32::try_from(wanted - held).map_err(|_| Exhausted)?;
            let permit = Arc::clone(share).try_acquire_many_owned(more);
            let permit = permit.map_err(|_| Exhausted)?;
            match &mut self.held {
                Some(held) if same => held.merge(permit),
                // What was held of the other share goes back.
                held => *held = Some(permit),
            }
        } else if let Some(held) = &mut self.held {
            drop(held.split(units(self.bytes) - wanted));
        }
        self.bytes = bytes;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_request_leaves_the_small_ones_their_share() {
        let budget = Budget::new(4 * UNIT, 4 << 20);
        let mut large = budget.lease();
        large.grow(3 << 20).expect("room");
        assert_eq!(budget.lease().grow(2 << 20), Err(Exhausted));
        let mut small = budget.lease();
        small.grow(4000).expect("room for a small one");
        assert_eq!(budget.lease().grow(4000), Err(Exhausted));
        drop(small);
        budget.lease().grow(4000).expect("room again");
        large.shrink(2 << 20);
        budget.lease().grow(2 << 20).expect("room again");
        drop(large);
        budget.lease().grow(4 << 20).expect("all of it");
    }

    #[test]
    fn a_request_that_grows_moves_to_the_large_share() {
        let budget = Budget::new(1 << 20, 4 << 20);
        let mut lease = budget.lease();
        lease.grow(1 << 20).expect("small");
        assert_eq!(budget.small.available_permits(), 0);
        lease.grow(1).expect("large now");
        assert_eq!(budget.small.available_permits(), 1024);
        assert_eq!(budget.large.available_permits(), 4096 - 1025);
        drop(lease);
        assert_eq!(budget.large.available_permits(), 4096);
    }
}
