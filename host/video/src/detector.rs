//! Counts persons in zones (人数检测), with a model that the county brings: a file named in the
//! configuration together with its SHA-256. None is shipped, and without the feature `detector` none
//! can be loaded.
//!
//! It finds that there are persons and about where. It does not know who they are, does not follow
//! them from picture to picture, and gives out nothing but a number for each zone.

mod boxes;
mod letterbox;
#[cfg(feature = "detector")]
mod model;
#[cfg(not(feature = "detector"))]
#[path = "detector/no_model.rs"]
mod model;
mod pace;

use crate::decode::Picture;
use crate::error::VideoError;
use crate::zone::Zones;
use letterbox::Planes;
use model::Model;
use pace::Turn;
pub(crate) use pace::{Pace, delay_us};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Microseconds between two looks at one camera where nothing else is said: a queue does not change
/// faster, and 45 cameras then take a quarter of a core.
pub const EVERY_US: i64 = 10_000_000;
/// Largest model file, in bytes: the small ones that a processor can run have 4 to 36 million.
const MODEL_BYTES_MAX: u64 = 64 << 20;

/// A loaded model. It may be shared by all cameras.
#[derive(Debug)]
pub struct Detector {
    model: Model,
    turn: Turn,
}

/// That persons are counted at a camera.
#[derive(Clone, Debug)]
pub struct Counting {
    /// Shared by all cameras: it looks at one picture at a time.
    pub detector: Arc<Detector>,
    /// Microseconds between two looks at the camera, at least.
    pub every_us: i64,
}

/// The same if it is the very same model, which is never changed.
impl PartialEq for Counting {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.detector, &other.detector) && self.every_us == other.every_us
    }
}

impl Detector {
    /// Loads a model of the YOLOX family in ONNX, with 80 classes of which the first is "person".
    ///
    /// `sha256` is what the configuration says of the file, in hexadecimal; `hash` computes it, because
    /// cryptography lives in another room. Nothing of a file with another hash is parsed.
    ///
    /// # Errors
    /// This program was built without the detector, the file cannot be read, is another one than was
    /// named, or is no such model.
    pub fn load(
        path: &Path,
        sha256: &str,
        hash: &dyn Fn(&[u8]) -> String,
    ) -> Result<Self, VideoError> {
        if !cfg!(feature = "detector") {
            return Err(VideoError::NoDetector);
        }
        let io = |error| VideoError::Io { path: path.to_owned(), error };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(io)?;
        file.take(MODEL_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() as u64 > MODEL_BYTES_MAX {
            return Err(VideoError::Model(format!("more than {MODEL_BYTES_MAX} bytes")));
        }
        let found = hash(&bytes);
        if !found.eq_ignore_ascii_case(sha256.trim()) {
            return Err(VideoError::ModelHash { path: path.to_owned(), found });
        }
        Ok(Self { model: Model::load(&bytes)?, turn: Turn::default() })
    }

    /// As [`Self::persons`]; `None` at once while another picture is looked at.
    pub(crate) fn try_persons(
        &self,
        picture: &Picture<'_>,
        zones: &Zones,
    ) -> Option<Result<Vec<u32>, VideoError>> {
        let _turn = self.turn.take()?;
        Some(self.persons(picture, zones))
    }

    /// Persons in each zone that is measured, in the order of the zones. Nobody is seen under a mask.
    ///
    /// # Errors
    /// The model failed on this picture; how many there are is then unknown.
    pub fn persons(&self, picture: &Picture<'_>, zones: &Zones) -> Result<Vec<u32>, VideoError> {
        let planes = Planes { luma: picture.luma(), blue: picture.blue(), red: picture.red() };
        let side = self.model.side();
        let (input, fit) = letterbox::fill(&planes, &zones.seen, side);
        let answer = self.model.run(input)?;
        if answer.len() != boxes::places(side) * boxes::NUMBERS {
            return Err(VideoError::Model(format!("an answer of {} numbers", answer.len())));
        }
        Ok(boxes::count(&boxes::persons(&answer, side, &fit), zones))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Stands in for the hash: what counts here is that it is asked first.
    fn length(bytes: &[u8]) -> String {
        format!("{:X}", bytes.len())
    }

    fn load(bytes: &[u8], sha256: &str) -> VideoError {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        Detector::load(file.path(), sha256, &length).unwrap_err()
    }

    #[cfg(not(feature = "detector"))]
    #[test]
    fn without_the_feature_a_model_is_refused_with_the_reason() {
        assert!(matches!(load(b"", "0"), VideoError::NoDetector));
        assert!(Model::load(b"").unwrap_err().to_string().contains("built without"));
    }

    #[cfg(feature = "detector")]
    mod with_the_feature {
        use super::*;

        /// A field of a message of protocol buffers, with its length.
        fn field(number: u8, content: &[u8]) -> Vec<u8> {
            let mut bytes = vec![number << 3 | 2];
            bytes.extend(varint(content.len()));
            bytes.extend(content);
            bytes
        }

        fn varint(mut value: usize) -> Vec<u8> {
            let mut bytes = Vec::new();
            while value > 127 {
                bytes.push(value.to_le_bytes()[0] & 127 | 128);
                value >>= 7;
            }
            bytes.push(value.to_le_bytes()[0]);
            bytes
        }

        /// A model in ONNX that gives back what it is given.
        fn onnx(sides: &[usize]) -> Vec<u8> {
            let dim = |side: &usize| field(1, &[vec![8], varint(*side)].concat());
            let shape = field(2, &sides.iter().flat_map(dim).collect::<Vec<_>>());
            let kind = field(2, &field(1, &[vec![8, 1], shape].concat()));
            let value = |name: &[u8]| [field(1, name), kind.clone()].concat();
            let node = [field(1, b"x"), field(2, b"y"), field(4, b"Identity")].concat();
            let graph =
                [field(1, &node), field(2, b"g"), field(11, &value(b"x")), field(12, &value(b"y"))];
            [vec![8, 8], field(8, &[16, 11]), field(7, &graph.concat())].concat()
        }

        #[test]
        fn another_file_than_was_named_is_not_parsed() {
            let error = load(b"no model at all", "abc");
            assert!(
                matches!(&error, VideoError::ModelHash { found, .. } if found == "F"),
                "{error}"
            );
            // Upper and lower case, as different tools write it.
            assert!(matches!(load(b"no model at all", " f\n"), VideoError::Model(_)));
        }

        #[test]
        fn a_model_of_another_shape_is_refused_with_its_shape() {
            for (sides, told) in [
                (&[1, 3, 416, 416][..], "the output is"),
                (&[1, 3, 416, 320], "the input is"),
                (&[1, 3, 417, 417], "the input is"),
                (&[1, 3, 64, 64], "the input is"),
                (&[1, 1, 416, 416], "the input is"),
                (&[4], "the input is"),
            ] {
                let bytes = onnx(sides);
                let error = load(&bytes, &length(&bytes)).to_string();
                assert!(error.contains(told) && error.contains("YOLOX"), "{sides:?}: {error}");
            }
        }

        #[test]
        fn a_file_that_is_too_large_is_not_read_on() {
            let file = tempfile::NamedTempFile::new().unwrap();
            file.as_file().set_len(MODEL_BYTES_MAX + 1).unwrap();
            let error = Detector::load(file.path(), "", &length).unwrap_err();
            assert!(error.to_string().contains("more than"), "{error}");
        }
    }
}
