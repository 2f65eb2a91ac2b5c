//! Measures of a picture's quality.

use hivis_types::Picture;

/// Variance of the Laplacian of the grey picture: how much fine detail there is, in squared 8-bit steps.
pub fn laplacian_variance(picture: &Picture) -> f64 {
    let _ = picture;
    todo!()
}
