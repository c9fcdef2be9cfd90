//! Memory that begins with a cache line: a vector load that straddles two lines costs two.

use zeroize::{DefaultIsZeroes, Zeroize};

/// A block of fixed length. Overwritten when dropped: prints lie in such blocks.
pub(super) struct Aligned<T: DefaultIsZeroes> {
    /// Longer than `len`, by what the allocator may be off.
    block: Vec<T>,
    start: usize,
    len: usize,
}

/// A cache line of every x86-64 and most ARM cores, and the widest vector there is.
const LINE_BYTES: usize = 64;

impl<T: DefaultIsZeroes> Aligned<T> {
    /// `len` zeros.
    pub(super) fn zeroed(len: usize) -> Self {
        let block = vec![T::default(); len + LINE_BYTES / size_of::<T>()];
        // The allocator may refuse to say (`usize::MAX`): then the block works all the same, a little slower.
        let start = block.as_ptr().align_offset(LINE_BYTES).min(block.len() - len);
        Self { block, start, len }
    }

    pub(super) fn as_slice(&self) -> &[T] {
        &self.block[self.start..][..self.len]
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.block[self.start..][..self.len]
    }
}

/// A copy lies elsewhere, so its beginning is another.
impl<T: DefaultIsZeroes> Clone for Aligned<T> {
    fn clone(&self) -> Self {
        let mut copy = Self::zeroed(self.len);
        copy.as_mut_slice().copy_from_slice(self.as_slice());
        copy
    }
}

impl<T: DefaultIsZeroes> Drop for Aligned<T> {
    fn drop(&mut self) {
        self.block.as_mut_slice().zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_and_its_copy_begin_with_a_line() {
        for len in [0, 1, 255, 4096] {
            let mut block = Aligned::<f32>::zeroed(len);
            block.as_mut_slice().iter_mut().zip(1u16..).for_each(|(value, n)| *value = n.into());
            let copy = block.clone();
            assert_eq!(copy.as_slice(), block.as_slice());
            assert_eq!(copy.as_slice().len(), len);
            for start in [block.as_slice().as_ptr(), copy.as_slice().as_ptr()] {
                assert_eq!(start.addr() % LINE_BYTES, 0);
            }
        }
    }
}
