//! Products of many rows with many rows: where all the time goes.
//!
//! The products are rten's (`rten-gemm`): safe to call, AVX-512 or AVX2 or NEON as the processor has them. An element is
//! summed in the same order however the rows are divided among blocks and threads.

use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix};
use rten_tensor::NdTensorView;

/// Something that multiplies.
pub(crate) struct Products {
    gemm: GemmExecutor,
}

/// Rows laid out for being multiplied with.
pub(crate) struct Packed {
    rows: PackedBMatrix<f32>,
    count: usize,
}

impl Packed {
    /// How many rows.
    pub(crate) fn len(&self) -> usize {
        self.count
    }
}

impl Products {
    pub(crate) fn new() -> Self {
        Self { gemm: GemmExecutor::new() }
    }

    /// Lays out `rows` (`[m, width]`) for many products.
    pub(crate) fn pack(&self, rows: &[f32], width: usize) -> Packed {
        let count = rows.len() / width;
        let view = NdTensorView::from_data([count, width], rows);
        Packed { rows: self.gemm.prepack_b(view.transposed()), count }
    }

    /// Writes every row of `rows` times every packed row to `out`, `[n, m]`. Makes `out` as long as that.
    pub(crate) fn dots(&self, rows: &[f32], width: usize, with: &Packed, out: &mut Vec<f32>) {
        let count = rows.len() / width;
        out.resize(count * with.count, 0.0);
        let view = NdTensorView::from_data([count, width], rows);
        self.gemm
            .gemm(out, GemmInputA::Unpacked(view), GemmInputB::Packed(&with.rows), GemmOptions::default())
            .expect("the shapes fit: this is a bug");
    }

    /// Writes `query` times every row of `rows` to `out`, one number a row. For blocks of at most [`Self::FEW`] rows.
    pub(crate) fn with_one(&self, query: &[f32], rows: &[f32], out: &mut [f32]) {
        let width = query.len();
        let view = NdTensorView::from_data([rows.len() / width, width], rows);
        let query = NdTensorView::from_data([1, width], query);
        let with = GemmInputB::Unpacked(view.transposed());
        self.gemm
            .gemm(out, GemmInputA::Unpacked(query), with, GemmOptions::default())
            .expect("the shapes fit: this is a bug");
    }

    /// A block that one thread multiplies alone.
    pub(crate) const FEW: usize = 128;
}
