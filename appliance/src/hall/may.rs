//! What may be kept of a camera for an alert at this moment: what the alert's region and the camera's
//! both allow, and no clip of a picture with masks. It is asked when pictures are wanted and again when
//! they have come, because permissions and masks change meanwhile.

use super::{Hall, lock};
use crate::app::App;
use crate::error::AppError;
use crate::footage::Form;
use crate::footage::allow;
use plumbline_camera::Zone;

/// Somebody does not allow it.
const NOT_ALLOWED: &str = "not-allowed";
/// A clip is as the camera coded it: what is masked would be seen in it.
const MASKED: &str = "masked";
/// The picture may lack a mask.
const MASK_CHANGED: &str = "mask-changed";
/// No table has the camera, so nobody can say what is masked or whose region it is.
const NOT_WATCHED: &str = "not-watched";

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct May {
    still: Result<(), &'static str>,
    clip: Result<(), &'static str>,
    /// The masks that hold.
    pub(super) masks: Vec<Zone>,
}

impl May {
    /// Why a form may not be kept.
    pub(super) fn keep(&self, form: Form) -> Result<(), &'static str> {
        match form {
            Form::Clip => self.clip,
            Form::Still | Form::Live => self.still,
        }
    }

    /// What may be kept of pictures that were asked for while other masks may have held.
    pub(super) fn since(mut self, masks: &[Zone]) -> Self {
        if self.masks.iter().any(|mask| !masks.contains(mask)) {
            self.still = self.still.and(Err(MASK_CHANGED));
        }
        self
    }
}

/// What may be kept of a camera for an alert of a region, by the plan that is in force.
///
/// # Errors
/// If the store fails.
pub(super) fn may(app: &App, hall: &Hall, region: &str, cam: &str) -> Result<May, AppError> {
    let (planned, is_faulty) = {
        let current = lock(&hall.current);
        let planned = current.planned.iter().find(|planned| planned.cam == cam).cloned();
        (planned, current.faults.contains_key(cam))
    };
    let Some(planned) = planned else {
        return Ok(May { still: Err(NOT_WATCHED), clip: Err(NOT_WATCHED), masks: Vec::new() });
    };
    let (of_alert, of_camera) =
        (allow::allowed(app, region)?, allow::allowed(app, &planned.region)?);
    let unless = |is_so: bool, why: &'static str| if is_so { Err(why) } else { Ok(()) };
    let may_still = of_alert.stills && of_camera.stills;
    let may_clip = of_alert.clips && of_camera.clips;
    // A camera that could not be taken as it is set up now is watched with the masks it had.
    let lacks_masks = is_faulty && planned.is_masked();
    Ok(May {
        still: unless(!may_still, NOT_ALLOWED).and(unless(lacks_masks, MASK_CHANGED)),
        clip: unless(!may_clip, NOT_ALLOWED).and(unless(planned.is_masked(), MASKED)),
        masks: planned.zones.into_iter().filter(Zone::is_mask).collect(),
    })
}
