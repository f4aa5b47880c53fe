"""GStreamer's RTSP server on loopback, for the tests and figures of cameras.

    rtsp-server.py [--port N] [--user NAME --password WORD] MOUNT=FILE.mp4 ...

Prints its port on one line, then serves until it is ended. Each client gets the file from its
beginning, at the pace of the file. Ends by itself when its standard input is closed, so that nothing
is left behind.
"""
import argparse
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

CODECS = {"h264": "h264parse config-interval=-1 ! rtph264pay", "h265": "h265parse ! rtph265pay"}
ROLE = "viewer"


def factory(path, codec, guarded):
    made = GstRtspServer.RTSPMediaFactory.new()
    made.set_launch(f'( filesrc location="{path}" ! qtdemux ! {CODECS[codec]} name=pay0 pt=96 )')
    made.set_protocols(GstRtsp.RTSPLowerTrans.TCP)
    if guarded:
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_role(ROLE)
        for right in ("access", "construct"):
            permissions.add_permission_for_role(ROLE, "media.factory." + right, True)
        made.set_permissions(permissions)
    return made


def guard(user, password):
    auth = GstRtspServer.RTSPAuth.new()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", ROLE)
    auth.add_digest(user, password, token)
    return auth


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", default="0")
    arguments.add_argument("--user")
    arguments.add_argument("--password")
    arguments.add_argument("--h265", action="append", default=[], metavar="MOUNT")
    arguments.add_argument("mounts", nargs="+", metavar="MOUNT=FILE")
    given = arguments.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service(given.port)
    if given.user:
        server.set_auth(guard(given.user, given.password))
    for mount in given.mounts:
        name, path = mount.split("=", 1)
        codec = "h265" if name in given.h265 else "h264"
        made = factory(path, codec, bool(given.user))
        server.get_mount_points().add_factory("/" + name, made)
    if server.attach(None) == 0:
        sys.exit("the port is taken")
    loop = GLib.MainLoop()
    GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IOCondition.HUP, lambda *_: loop.quit())
    print(server.get_bound_port(), flush=True)
    loop.run()


main()
