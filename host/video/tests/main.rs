//! The room at its boundary: clips that the encoder beside our decoder makes, whole and damaged, in
//! files and from a camera on loopback.

mod cases {
    mod camera;
    mod damage;
    mod files;
    mod foreign;
    #[cfg(feature = "detector")]
    mod persons;
}
mod clip;
mod server;
