//! One embedding out of many: the windows of a call, or the calls of a person.

use zeroize::Zeroizing;

use super::Embedding;

/// The running mean of unit vectors, brought back to unit length.
#[derive(Clone, Default)]
pub struct Pooled {
    sum: Zeroizing<Vec<f32>>,
    windows: u32,
}

impl Pooled {
    pub fn new() -> Self {
        Self::default()
    }

    /// One of another dimension, which only another model makes, is left out.
    pub fn add(&mut self, embedding: &Embedding) {
        self.add_weighted(embedding, 1.0);
    }

    /// As that many windows at once.
    pub fn add_weighted(&mut self, embedding: &Embedding, weight: f32) {
        if self.sum.is_empty() {
            *self.sum = vec![0.0; embedding.values().len()];
        }
        if self.sum.len() == embedding.values().len() {
            self.sum.iter_mut().zip(embedding.values()).for_each(|(sum, value)| *sum += weight * value);
            self.windows += 1;
        }
    }

    /// `None` before the first window.
    pub fn embedding(&self) -> Option<Embedding> {
        Embedding::from_values(self.sum.to_vec())
    }

    pub fn windows(&self) -> u32 {
        self.windows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_points_between_its_windows() {
        let mut pooled = Pooled::new();
        assert!(pooled.embedding().is_none());
        pooled.add(&Embedding::from_values(vec![1.0, 0.0]).unwrap());
        pooled.add(&Embedding::from_values(vec![0.0, 5.0]).unwrap());
        let half = std::f32::consts::FRAC_1_SQRT_2;
        let mean = pooled.embedding().unwrap();
        assert!(
            mean.values().iter().all(|v| (v - half).abs() < 1e-6),
            "each window counts once, whatever its length was"
        );
        assert_eq!(pooled.windows(), 2);
    }

    #[test]
    fn an_embedding_of_another_dimension_changes_nothing() {
        let mut pooled = Pooled::new();
        pooled.add(&Embedding::from_values(vec![1.0, 0.0]).unwrap());
        pooled.add(&Embedding::from_values(vec![0.0, 1.0, 0.0]).unwrap());
        assert_eq!((pooled.windows(), pooled.embedding().unwrap().values()), (1, &[1.0, 0.0][..]));
    }
}
