namespace StatelessSwarm.Node.Configuration;

/// <summary>A setting that cannot be used. One line: where it was set, what was expected.</summary>
public sealed class ConfigurationException(string message) : Exception(message);
