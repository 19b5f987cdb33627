using StatelessSwarm.Node.Limits;

namespace StatelessSwarm.Node.Control;

/// <summary>A request to the daemon.</summary>
/// <param name="Kind">What is asked.</param>
/// <param name="Limits">For <see cref="ControlRequestKind.Limit"/>.</param>
public sealed record ControlRequest(ControlRequestKind Kind, LimitChange? Limits = null);
