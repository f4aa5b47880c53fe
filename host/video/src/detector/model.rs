//! The model itself: read from ONNX and run by tract, in this process and on the processor.

use super::boxes::{NUMBERS, places};
use crate::error::VideoError;
use std::sync::Arc;
use tract_onnx::prelude::*;

/// Sides that are run, in pixels: below it nobody shows, above it a picture takes seconds.
const SIDES: std::ops::RangeInclusive<usize> = 160..=640;
/// The widest of the model's three nets; a side is so many times this.
const STRIDE_MAX: usize = 32;

/// See the module.
#[derive(Debug)]
pub(super) struct Model {
    plan: Arc<TypedRunnableModel>,
    side: usize,
}

impl Model {
    /// Reads a model and runs it once, so that one that cannot be run is refused here and not at the
    /// first picture.
    pub(super) fn load(bytes: &[u8]) -> Result<Self, VideoError> {
        let mut bytes = bytes;
        let model = tract_onnx::onnx().model_for_read(&mut bytes);
        let model = model.and_then(InferenceModelExt::into_optimized).map_err(|why| wrong(&why))?;
        let side = side(&model)?;
        let model = Self { plan: model.into_runnable().map_err(|why| wrong(&why))?, side };
        model.run(vec![0.0; 3 * side * side])?;
        Ok(model)
    }

    /// Rows and columns of the square that it looks at.
    pub(super) fn side(&self) -> usize {
        self.side
    }

    /// Runs it on a square of blue, green and red.
    pub(super) fn run(&self, square: Vec<f32>) -> Result<Vec<f32>, VideoError> {
        let square = Tensor::from_shape(&[1, 3, self.side, self.side], &square);
        let answer = square.and_then(|square| self.plan.run(tvec!(square.into_tvalue())));
        let answer = answer.map_err(|why| wrong(&why))?;
        let numbers = answer[0].to_plain_array_view::<f32>().map_err(|why| wrong(&why))?;
        Ok(numbers.iter().copied().collect())
    }
}

/// The side of the square that the model takes, if it is one of those that are known here.
fn side(model: &TypedModel) -> Result<usize, VideoError> {
    let unknown = |what: &str, found: &dyn std::fmt::Debug| {
        let wanted = "wanted: f32 [1, 3, n, n] to f32 [1, places, 85], as YOLOX";
        VideoError::Model(format!("{what} {found:?}; {wanted}"))
    };
    let inputs = model.input_outlets().map_err(|why| wrong(&why))?.len();
    let outputs = model.output_outlets().map_err(|why| wrong(&why))?.len();
    if (inputs, outputs) != (1, 1) {
        return Err(unknown("inputs and outputs:", &(inputs, outputs)));
    }
    let input = model.input_fact(0).map_err(|why| wrong(&why))?;
    let output = model.output_fact(0).map_err(|why| wrong(&why))?;
    let is_f32 = |fact: &TypedFact| fact.datum_type == f32::datum_type();
    let side = match input.shape.as_concrete() {
        Some(&[1, 3, height, width]) if height == width && is_f32(input) => height,
        _ => return Err(unknown("the input is", input)),
    };
    if !SIDES.contains(&side) || !side.is_multiple_of(STRIDE_MAX) {
        return Err(unknown("the input is", input));
    }
    match output.shape.as_concrete() {
        Some(&[1, rows, NUMBERS]) if rows == places(side) && is_f32(output) => Ok(side),
        _ => Err(unknown("the output is", output)),
    }
}

/// The innermost reason of the library, in one line.
fn wrong(why: &TractError) -> VideoError {
    let text = why.root_cause().to_string();
    VideoError::Model(text.lines().next().unwrap_or_default().to_owned())
}
