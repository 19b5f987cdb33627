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
/// <param name="Plan">For <see cref="ControlReplyKind.Plan"/>.</param>
/// <param name="Collected">For <see cref="ControlReplyKind.Collected"/>.</param>
public sealed record ControlReply(
    ControlReplyKind Kind,
    NodeStatus? Status,
    UpdateResult? Result,
    Fault? Fault,
    LimitStatus? Limits = null,
    UpdatePlan? Plan = null,
    CollectResult? Collected = null
)
{
    /// <summary>A status.</summary>
    public static ControlReply Of(NodeStatus status) => new(ControlReplyKind.Status, status, null, null);

    /// <summary>A result.</summary>
    public static ControlReply Of(UpdateResult result) => new(ControlReplyKind.Done, null, result, null);

    /// <summary>Limits.</summary>
    public static ControlReply Of(LimitStatus limits) => new(ControlReplyKind.Limits, null, null, null, limits);

    /// <summary>A plan.</summary>
    public static ControlReply Of(UpdatePlan plan) => new(ControlReplyKind.Plan, null, null, null, Plan: plan);

    /// <summary>What was deleted.</summary>
    public static ControlReply Of(CollectResult collected) => new(ControlReplyKind.Collected, null, null, null, Collected: collected);

    /// <summary>A failure.</summary>
    public static ControlReply Of(Fault fault) => new(ControlReplyKind.Failed, null, null, fault);
}
