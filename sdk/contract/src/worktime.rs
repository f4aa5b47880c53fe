//! Working time: lawful days, timetables and periods. See the sections of this module.
