namespace StatelessSwarm.Node.Booting;

/// <summary>Nothing could be booted, and the parameters say not to try for ever.</summary>
public sealed class BootFailedException(string message) : Exception(message);
