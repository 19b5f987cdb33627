namespace StatelessSwarm.Cli.Terminals;

/// <summary>How far a piece of work is.</summary>
/// <param name="Done">Units done.</param>
/// <param name="Total">Units in all; 0 when not known.</param>
/// <param name="Detail">A few words beside it, or null.</param>
internal readonly record struct ProgressStep(long Done, long Total, string? Detail = null);
