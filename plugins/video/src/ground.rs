//! The gate before the rules on the conduct of staff: without a recorded legal ground none of them
//! looks, because the law allows pictures of public places for public safety only.

use crate::Params;
use plumbline_guest::{Look, Why};

/// Whether the rule may look; if not, it says so.
pub(crate) fn is_given(params: &Params, look: &mut Look<'_>) -> bool {
    if params.is_discipline() {
        return true;
    }
    look.exempt(|| {
        Why::new(
            "未登记针对人员行为使用图像的法律依据（参数 discipline_ground），规则默认停用",
            "no legal ground for looking at the conduct of staff is recorded (parameter discipline_ground), so the rule is off",
        )
        .flag("ground_recorded", false)
    });
    false
}
