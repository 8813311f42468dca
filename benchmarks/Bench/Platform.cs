using System.Runtime.Versioning;

// Guests, agents and the coordinator run on Linux; lm starts them and sets file modes.
[assembly: SupportedOSPlatform("linux")]
