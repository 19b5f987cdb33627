using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Limits;
using StatelessSwarm.Node.Status;
using StatelessSwarm.Node.Updating;

namespace StatelessSwarm.Node.Control;

/// <summary>An answer of the daemon; exactly the member of its kind is set.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Status">For <see cref="ControlReplyKind.Status"/>.</param>
/// <param name="Result">For <see cref="ControlReplyKind.Done"/>.</param>
/// <param name="Fault">For <see cref="ControlReplyKind.Failed"/>.</param>
/// <param name="Limits">For <see cref="ControlReplyKind.Limits"/>.</param>
public sealed record ControlReply(
    ControlReplyKind Kind,
    NodeStatus? Status,
    UpdateResult? Result,
    Fault? Fault,
    LimitStatus? Limits = null
)
{
    /// <summary>A status.</summary>
    public static ControlReply Of(NodeStatus status) => new(ControlReplyKind.Status, status, null, null);

    /// <summary>A result.</summary>
    public static ControlReply Of(UpdateResult result) => new(ControlReplyKind.Done, null, result, null);

    /// <summary>Limits.</summary>
    public static ControlReply Of(LimitStatus limits) => new(ControlReplyKind.Limits, null, null, null, limits);

    /// <summary>A failure.</summary>
    public static ControlReply Of(Fault fault) => new(ControlReplyKind.Failed, null, null, fault);
}
