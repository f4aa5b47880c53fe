//! In place of `model` where the program was built without the feature `detector`: there is none.

use crate::error::VideoError;

#[derive(Debug)]
pub(super) enum Model {}

impl Model {
    pub(super) fn load(_: &[u8]) -> Result<Self, VideoError> {
        Err(VideoError::NoDetector)
    }

    pub(super) fn side(&self) -> usize {
        match *self {}
    }

    pub(super) fn run(&self, _: Vec<f32>) -> Result<Vec<f32>, VideoError> {
        match *self {}
    }
}
