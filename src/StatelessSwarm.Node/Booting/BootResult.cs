using StatelessSwarm.Node.Configuration;

namespace StatelessSwarm.Node.Booting;

/// <summary>A root that is mounted, and what is known of it.</summary>
/// <param name="Record">What boot.json says.</param>
/// <param name="Settings">How a node goes on from here.</param>
public sealed record BootResult(BootRecord Record, NodeSettings Settings);
