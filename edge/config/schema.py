"""The one configuration: sections, defaults, ranges and the text of every setting.

The JSON Schema, the error messages and the documentation are made from these types. Ranges are safety floors: no
profile, file or remote setting leaves them. The thresholds of the indicators stand in `edge.config.rules`.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, field

from edge.config.rules import Rules, Section
from edge.config.secrets import SECRET

Identifier = Annotated[str, Meta(pattern="^[a-z0-9-]{1,32}$")]
DriverToken = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,64}$")]
Pin = Annotated[int, Meta(ge=2, le=27)]
"""BCM numbers of the 40-pin header's general-purpose pins."""
SHARE_OF_FRAME = Meta(ge=0.0, le=1.0)


HOST_PATTERN: Final = r"^([A-Za-z0-9_.-]+|(?=[^:]*:[^:]*:)[0-9A-Fa-f:.]+(%[A-Za-z0-9_.-]+)?)$"
"""A name, an IPv4 or an IPv6 address. One colon alone would be a port; names with other letters have an ASCII form."""

Light = Literal["infrared", "visible"]
Side = Literal["left", "right"]
CommandName = Literal["ping", "report", "ack", "mark_wrong", "purge"]


class IrLight(Section, frozen=True):
    """The infrared light beside the camera, if the board drives it."""

    output: Annotated[
        Literal["none", "gpio", "hardware_pwm"],
        Meta(description="none: the light is wired to be always on, or there is none."),
    ] = "none"
    pin: Annotated[Pin | None, Meta(description="gpio: BCM number of the pin.")] = None
    pwm_chip: Annotated[int, Meta(ge=0, le=15, description="hardware_pwm: number of pwmchip in /sys/class/pwm.")] = 0
    pwm_channel: Annotated[int, Meta(ge=0, le=15, description="hardware_pwm: channel of that chip.")] = 0
    frequency_hz: Annotated[
        float,
        Meta(ge=50.0, le=50000.0, description="Pulses a second; above 5000 with hardware_pwm leaves no bands."),
    ] = 1000.0
    active_high: Annotated[bool, Meta(description="A high level switches the light on.")] = True
    low_exposure_us: Annotated[
        float, Meta(ge=10.0, le=1e6, description="Exposure in microseconds times gain at which the light is off.")
    ] = 4000.0
    high_exposure_us: Annotated[
        float, Meta(ge=10.0, le=1e6, description="Exposure in microseconds times gain from which it has full power.")
    ] = 12000.0
    tau_s: Annotated[float, Meta(ge=1.0, le=120.0, description="Time constant of its changes; 5 while aiming.")] = 30.0
    max_power: Annotated[
        float, Meta(gt=0.0, le=1.0, description="Largest share of the power; see EYE_SAFETY.md before raising the LED.")
    ] = 1.0
    check: Annotated[
        bool, Meta(description="Switch it off and on for a second at the start and now and then: does it light?")
    ] = True


class Camera(Section, frozen=True):
    """Where frames come from and how the camera looks at the driver."""

    source: Annotated[
        Literal["picamera", "v4l2", "files", "synthetic"], Meta(description="Kind of camera; `files` plays a clip.")
    ] = "picamera"
    device: Annotated[
        str, Meta(description="v4l2: index or path, for example 0 or /dev/video0; picamera: camera number.")
    ] = "0"
    path: Annotated[str | None, Meta(description="files: a video or a folder of pictures.")] = None
    pace: Annotated[
        Literal["realtime", "fast"], Meta(description="files: as the clip was filmed, or as fast as it goes.")
    ] = "realtime"
    loop: Annotated[bool, Meta(description="files: begin again at the end.")] = False
    light: Annotated[
        Light, Meta(description="What lights the face: the camera's own infrared LED, or what the eye sees too.")
    ] = "infrared"
    width: Annotated[int, Meta(ge=160, le=1920, description="Frame width in pixels.")] = 640
    height: Annotated[int, Meta(ge=120, le=1080, description="Frame height in pixels.")] = 480
    fps: Annotated[float, Meta(ge=5.0, le=60.0, description="Frames per second to ask for; 15 or more for blinks.")] = (
        30.0
    )
    rotation_deg: Annotated[Literal[0, 90, 180, 270], Meta(description="Turn the picture clockwise.")] = 0
    flip: Annotated[bool, Meta(description="Mirror the picture left to right, after turning.")] = False
    fov_deg: Annotated[
        Annotated[float, Meta(ge=20.0, le=150.0)] | None,
        Meta(description="Horizontal field of view of the lens; unknown: angles to the line of sight."),
    ] = None
    wheel_side: Annotated[
        Side, Meta(description="The vehicle's side on which the driver sits, looking ahead: left (LHD) or right (RHD).")
    ] = "left"
    metering: Annotated[
        Literal["face", "picture"],
        Meta(description="picamera: expose for the driver's face, or as the camera does alone, for the whole picture."),
    ] = "face"
    seat_region: Annotated[
        tuple[
            Annotated[float, SHARE_OF_FRAME],
            Annotated[float, SHARE_OF_FRAME],
            Annotated[float, SHARE_OF_FRAME],
            Annotated[float, SHARE_OF_FRAME],
        ],
        Meta(description="Where the driver's head can be: x, y, width, height as shares of the frame."),
    ] = (0.0, 0.0, 1.0, 1.0)
    neutral_yaw_deg: Annotated[
        float,
        Meta(ge=-60.0, le=60.0, description="Head yaw seen when the driver looks ahead; a mirror camera sees 40-50."),
    ] = 0.0
    neutral_pitch_deg: Annotated[
        float, Meta(ge=-40.0, le=40.0, description="Head pitch seen when the driver looks ahead.")
    ] = 0.0
    stall_s: Annotated[float, Meta(ge=0.5, le=2.0, description="No frame for so long is a stalled camera.")] = 1.0
    ir: IrLight = field(default_factory=IrLight)

    @property
    def driver_side(self) -> Side:
        """The picture's side on which the driver is seen: a camera that looks back at him has his left on its right."""
        return "right" if (self.wheel_side == "left") != self.flip else "left"


class PublicKey(Section, frozen=True):
    """A key of the fleet: what it signs is believed."""

    name: Identifier
    public_key: Annotated[
        str, Meta(pattern="^[A-Za-z0-9+/]{43}=$", description="Ed25519, 32 bytes in base64: tools/sign_command.py key.")
    ]


class Inference(Section, frozen=True):
    """Which interpreter back end runs the networks."""

    delegate: Annotated[
        Literal["auto", "xnnpack", "edgetpu", "cpu"],
        Meta(description="auto: Edge TPU when there is one, else XNNPACK (NEON on ARM), else plain CPU."),
    ] = "auto"
    detector_variant: Annotated[
        Literal["auto", "float", "int8"],
        Meta(description="Face detector: auto times both at start and runs the quicker one."),
    ] = "auto"
    threads: Annotated[int, Meta(ge=1, le=4, description="Interpreter threads.")] = 1
    models_dir: Annotated[
        str | None, Meta(description="Folder with manifest.json; default: the one that was installed.")
    ] = None
    manifest_keys: Annotated[
        tuple[PublicKey, ...],
        Meta(description="When there are any, only a manifest.json that one of them signed: tools/sign_models.py."),
    ] = ()


class Vision(Section, frozen=True):
    """How often each network runs."""

    iris_every_n: Annotated[
        int, Meta(ge=0, le=30, description="Iris net on every n-th frame beside doubtful ones; 0 only when doubtful.")
    ] = 0
    redetect_s: Annotated[
        float, Meta(ge=0.2, le=10.0, description="Look for the face anew at least so often while tracking.")
    ] = 2.0
    min_face_ratio: Annotated[
        float, Meta(ge=0.02, le=0.5, description="Faces narrower than this share of the frame are not the driver.")
    ] = 0.06


Days = Annotated[float, Meta(ge=1.0, le=400.0)]


class Indicator(Section, frozen=True):
    """What every group of indicators has: whether it is on, why, and how long its alerts may wait in the vehicle."""

    enabled: Annotated[bool, Meta(description="Off: nothing of it is decided, told or published.")] = True
    purpose: Annotated[Literal["safety"], Meta(description="Why it is on; the fleet reads it in `info`.")] = "safety"
    retention_days: Annotated[
        Days, Meta(description="An alert of it that the broker did not take is deleted after so long.")
    ] = 30.0


class Fatigue(Indicator, frozen=True):
    """Fatigue: closed eyes, microsleep, PERCLOS, blinks, yawns, nods. Only the vehicle's own file switches it off."""


class Distraction(Indicator, frozen=True):
    """Distraction: looks away from the road. Only the vehicle's own file switches it off."""


class Expression(Indicator, frozen=True):
    """Displayed expression: off means that its network is never opened and nothing about it is published."""

    enabled: Annotated[bool, Meta(description="Run the expression network and the displayed-anger indicator.")] = True
    purpose: Annotated[
        Literal["safety"], Meta(description="Why it is on; the EU AI Act bans other purposes at work.")
    ] = "safety"
    every_n: Annotated[int, Meta(ge=1, le=30, description="Run on every n-th tracked frame.")] = 3


class GpioOutput(Section, frozen=True):
    """Buzzer and light on GPIO pins (BCM numbers)."""

    buzzer_pin: Pin | None = None
    led_pin: Pin | None = None
    active_high: bool = True


class GpioButtons(Section, frozen=True):
    """Buttons that the driver answers with, on GPIO pins (BCM numbers)."""

    wrong_pin: Annotated[Pin | None, Meta(description="This alert is mistaken: contested, and silenced.")] = None
    ack_pin: Annotated[Pin | None, Meta(description="Seen: silenced.")] = None
    active_low: Annotated[bool, Meta(description="Pressed connects the pin to ground.")] = True


Language = Literal["none", "en", "de", "fr", "es", "pt", "pl"]


class AudioOutput(Section, frozen=True):
    """Tones and spoken sentences through a speaker (ALSA)."""

    device: Annotated[
        str,
        Meta(
            min_length=1,
            pattern="^[^-].*$",
            description="ALSA device from `aplay -L`, such as plughw:CARD=UACDemo.",
        ),
    ] = "default"
    volume: Annotated[float, Meta(ge=0.0, le=1.0, description="Of warnings (level 2); 0 is silent.")] = 0.7
    urgent_volume: Annotated[
        float, Meta(ge=0.5, le=1.0, description="Level 3 and above are never softer, whatever `volume` says.")
    ] = 0.9
    mixer: Annotated[
        Annotated[str, Meta(pattern="^[^-].*$")] | None,
        Meta(description="Control of the sound card to turn to full at the start, such as PCM."),
    ] = None
    language: Annotated[Language, Meta(description="Of the sentences after the tones; none: tones alone.")] = "en"
    speech_dir: Annotated[
        str | None, Meta(description="Folder of rendered sentences; default: the one that was installed.")
    ] = None


class Cab(Section, frozen=True):
    """Warnings in the cab."""

    log: Annotated[bool, Meta(description="Write each warning to the log.")] = True
    gpio: Annotated[GpioOutput | None, Meta(description="Buzzer and light.")] = None
    audio: Annotated[AudioOutput | None, Meta(description="Speaker.")] = None
    buttons: Annotated[GpioButtons | None, Meta(description="The driver's answers.")] = None
    self_test: Annotated[bool, Meta(description="Let each output show once at the start that it works.")] = True


CanIdentifier = Annotated[str, Meta(pattern="^0x[0-9A-Fa-f]{1,8}$")]


class CanBus(Section, frozen=True):
    """The interface that the bus hangs on."""

    interface: Annotated[
        Literal["socketcan", "slcan", "virtual"],
        Meta(description="socketcan: of the kernel; slcan: a serial adapter; virtual: for trials without a vehicle."),
    ] = "socketcan"
    channel: Annotated[str, Meta(min_length=1, description="socketcan: can0; slcan: /dev/ttyACM0.")] = "can0"
    bitrate: Annotated[
        Annotated[int, Meta(ge=10_000, le=1_000_000)] | None,
        Meta(description="slcan: bits per second; socketcan has it from `ip link`."),
    ] = None


class CanSignal(Section, frozen=True):
    """A number in a CAN frame, described as in a DBC file."""

    id: Annotated[CanIdentifier, Meta(description='Identifier of the frame in quotes, for example "0x1A0".')]
    extended: Annotated[bool, Meta(description="29 bit instead of 11.")] = False
    start_bit: Annotated[int, Meta(ge=0, le=511, description="As in a DBC: bit 8 is the lowest of byte 1.")] = 0
    length: Annotated[int, Meta(ge=1, le=32, description="Bits.")] = 16
    byte_order: Annotated[
        Literal["little", "big"], Meta(description="little: Intel, DBC @1; big: Motorola, DBC @0.")
    ] = "little"
    signed: Annotated[bool, Meta(description="Two's complement, DBC `-`.")] = False
    scale: Annotated[float, Meta(ge=-1000.0, le=1000.0, description="Raw times this ...")] = 1.0
    offset: Annotated[float, Meta(ge=-100_000.0, le=100_000.0, description="... plus this is km/h.")] = 0.0


class CanIgnition(CanSignal, frozen=True):
    """The ignition in a CAN frame."""

    length: Annotated[int, Meta(ge=1, le=32, description="Bits.")] = 1
    on_from: Annotated[float, Meta(description="The ignition is on from this value.")] = 1.0


class CanVehicle(Section, frozen=True):
    """Frames that the vehicle sends by itself; nothing is sent to it."""

    speed: CanSignal
    ignition: CanIgnition | None = None
    driver: Annotated[
        CanSignal | None,
        Meta(description="A number that tells drivers apart, 0 nobody; see vehicle.driver_token."),
    ] = None
    bus: CanBus = field(default_factory=CanBus)


class ObdVehicle(Section, frozen=True):
    """Speed asked at the diagnostic socket: service 01, PID 0D."""

    bus: CanBus = field(default_factory=CanBus)
    extended: Annotated[bool, Meta(description="Ask with 29-bit identifiers.")] = False
    period_s: Annotated[float, Meta(ge=0.2, le=2.0, description="Time between two questions.")] = 0.5


class GpsdVehicle(Section, frozen=True):
    """Speed of a GNSS receiver."""

    host: Annotated[str, Meta(min_length=1, max_length=253, pattern=HOST_PATTERN)] = "localhost"
    port: Annotated[int, Meta(ge=1, le=65535)] = 2947
    location: Annotated[
        bool, Meta(description="Alerts, and the recorded stream, say where the vehicle was; off unless you want it.")
    ] = False


class GpioVehicle(Section, frozen=True):
    """Lines on GPIO pins (BCM numbers), brought down to 3.3 V."""

    ignition_pin: Annotated[Pin | None, Meta(description="Line that tells the ignition.")] = None
    ignition_active_high: Annotated[bool, Meta(description="The line is high while the ignition is on.")] = True
    speed_pin: Annotated[Pin | None, Meta(description="Line that pulses with the wheels.")] = None
    pulses_per_km: Annotated[
        float, Meta(ge=100.0, le=100_000.0, description="From the vehicle's papers, or counted over a known way.")
    ] = 4000.0


class Vehicle(Section, frozen=True):
    """Where speed and ignition come from, and when a standing vehicle is left alone."""

    source: Annotated[
        Literal["none", "fixed", "can", "obd", "gpsd", "gpio"],
        Meta(description="none: speed unknown; fixed: the value below; the others have a section of their own."),
    ] = "none"
    speed_kmh: Annotated[float, Meta(ge=0.0, le=250.0, description="fixed: this speed.")] = 80.0
    can: Annotated[CanVehicle | None, Meta(description="Which frame holds the speed.")] = None
    obd: ObdVehicle = field(default_factory=ObdVehicle)
    gpsd: GpsdVehicle = field(default_factory=GpsdVehicle)
    gpio: GpioVehicle = field(default_factory=GpioVehicle)
    driver_token: Annotated[
        DriverToken | None,
        Meta(
            description="Tells drivers apart, means nothing else: a driver who returns gets his own baseline back.",
            extra=SECRET,
        ),
    ] = None
    privacy_after_s: Annotated[
        Annotated[float, Meta(ge=60.0, le=3600.0)] | None,
        Meta(description="Nobody is observed after so long at a standstill, or soon after the ignition; null: never."),
    ] = 180.0


class Power(Section, frozen=True):
    """What becomes of the board when the ignition goes off, where `vehicle` tells of it."""

    off_with_ignition: Annotated[
        bool,
        Meta(
            description="Close alerts, deliver, put the infrared light out and switch the board off; else it stays on."
        ),
    ] = False
    grace_s: Annotated[
        float,
        Meta(ge=10.0, le=7200.0, description="The ignition must be off for so long: a stop to refuel is shorter."),
    ] = 300.0


class Heat(Section, frozen=True):
    """From which temperature of the processor the daemon works less, so that the board does not fail unannounced."""

    reduce_from_c: Annotated[
        float, Meta(ge=50.0, le=100.0, description="From here: 15 frames a second, displayed expression half as often.")
    ] = 70.0
    minimum_above_c: Annotated[
        float, Meta(ge=55.0, le=105.0, description="Above: 10 frames a second, closures and distraction only; told.")
    ] = 80.0
    stop_above_c: Annotated[
        float, Meta(ge=60.0, le=110.0, description="Above: nobody is watched until it is cooler, and the driver knows.")
    ] = 85.0


class Tls(Section, frozen=True):
    """Certificates for the broker; paths to files, never their content."""

    ca_file: str
    cert_file: str | None = None
    key_file: str | None = None


class Mqtt(Section, frozen=True):
    """The broker."""

    enabled: Annotated[bool, Meta(description="Publish; off keeps everything in the vehicle.")] = True
    host: Annotated[str, Meta(min_length=1, max_length=253, pattern=HOST_PATTERN)] = "localhost"
    port: Annotated[int, Meta(ge=1, le=65535)] = 1883
    protocol: Annotated[
        Literal["5", "3.1.1"], Meta(description="3.1.1 cannot tell that nobody was subscribed: a weaker promise.")
    ] = "5"
    fleet: Annotated[Identifier, Meta(description="First part of every topic.")] = "demo"
    vehicle: Annotated[Identifier, Meta(description="Second part, and the client id.")] = "vehicle-1"
    username: Annotated[str | None, Meta(extra=SECRET)] = None
    password_file: Annotated[str | None, Meta(description="File with the password alone, mode 0600.")] = None
    tls: Tls | None = None
    keepalive_s: Annotated[int, Meta(ge=5, le=600)] = 30
    require_subscriber: Annotated[
        bool, Meta(description="Keep alerts until somebody is subscribed (MQTT 5 reason 0x10).")
    ] = True
    homeassistant: Annotated[
        bool, Meta(description="Announce the vehicle to Home Assistant; `edge-dms homeassistant remove` takes it back.")
    ] = False


class Remote(Section, frozen=True):
    """What the fleet may ask of this vehicle over MQTT; nothing unless it is switched on here."""

    commands: Annotated[bool, Meta(description="Listen to `cmd/*`.")] = False
    allow: Annotated[
        tuple[CommandName, ...], Meta(description="Commands that are carried out; `purge` only when it is named.")
    ] = ("ping", "report", "ack", "mark_wrong")
    configuration: Annotated[bool, Meta(description="Listen to `config/desired`.")] = False
    keys: Annotated[
        tuple[PublicKey, ...], Meta(description="When there are any, only what is signed with one of them is taken.")
    ] = ()


class Outbox(Section, frozen=True):
    """Alerts wait here, on disk, until the broker has them."""

    max_mb: Annotated[float, Meta(ge=1.0, le=1024.0, description="Largest size; oldest lesser alerts go first.")] = 64.0
    heartbeat_s: Annotated[float, Meta(ge=1.0, le=600.0, description="`state` at least so often.")] = 60.0
    health_s: Annotated[
        float, Meta(ge=1.0, le=600.0, description="`health` at least so often; a change is told at once.")
    ] = 300.0


class Recording(Section, frozen=True):
    """The numeric stream for replay; off unless the owner switches it on."""

    stream_file: Annotated[str | None, Meta(description="Write each observation as a JSON line.")] = None
    decisions_file: Annotated[str | None, Meta(description="Write each decision as a JSON line.")] = None


class Retention(Section, frozen=True):
    """How long the vehicle keeps what belongs to no indicator; `edge-dms purge` deletes everything at once."""

    health_days: Annotated[
        Days, Meta(description="Alerts of an absent driver and of the system itself that the broker did not take.")
    ] = 30.0
    trips_days: Annotated[Days, Meta(description="Summaries of drives that the broker did not take.")] = 30.0
    drivers_days: Annotated[Days, Meta(description="The baseline of a driver who was not named for so long.")] = 90.0
    recordings_days: Annotated[
        Days, Meta(description="Recorded files; one that is still written begins anew after so long.")
    ] = 7.0
    damaged_days: Annotated[Days, Meta(description="Damaged files that were put aside.")] = 30.0


class Service(Section, frozen=True):
    """The process itself."""

    state_dir: Annotated[str, Meta(min_length=1, description="Where the outbox and the crash journal live.")] = (
        "/var/lib/edge-dms"
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"


class Config(Section, frozen=True):
    """The whole configuration. Every section may be left out."""

    version: Annotated[
        Literal[2], Meta(description="Of the configuration's form; older ones: `edge-dms config migrate`.")
    ] = 2
    profile: Annotated[Identifier, Meta(description="Rule profile that `rules` starts from.")] = "euro-ncap-2026"
    camera: Camera = field(default_factory=Camera)
    inference: Inference = field(default_factory=Inference)
    vision: Vision = field(default_factory=Vision)
    fatigue: Fatigue = field(default_factory=Fatigue)
    distraction: Distraction = field(default_factory=Distraction)
    expression: Expression = field(default_factory=Expression)
    rules: Rules = field(default_factory=Rules)
    cab: Cab = field(default_factory=Cab)
    vehicle: Vehicle = field(default_factory=Vehicle)
    power: Power = field(default_factory=Power)
    heat: Heat = field(default_factory=Heat)
    mqtt: Mqtt = field(default_factory=Mqtt)
    remote: Remote = field(default_factory=Remote)
    outbox: Outbox = field(default_factory=Outbox)
    recording: Recording = field(default_factory=Recording)
    retention: Retention = field(default_factory=Retention)
    service: Service = field(default_factory=Service)
