using StatelessSwarm.Node.Limits;
using StatelessSwarm.Node.Status;
using StatelessSwarm.Node.Updating;

namespace StatelessSwarm.Node.Control;

/// <summary>What the control socket offers; the node's side of it.</summary>
internal interface INodeControl
{
    /// <summary>Where the node stands.</summary>
    NodeStatus GetStatus();

    /// <summary>Ends soon, when this node is one that gives way; the status now is the answer.</summary>
    /// <exception cref="Faults.NodeException">It does not give way.</exception>
    NodeStatus Leave();

    /// <summary>Changes limits until the process ends; how they stand then.</summary>
    LimitStatus ChangeLimits(LimitChange change);

    /// <summary>Makes next, or what was rolled back, current.</summary>
    Task<UpdateResult> ActivateAsync(CancellationToken cancellation);

    /// <summary>Exchanges current and previous.</summary>
    Task<UpdateResult> RollBackAsync(CancellationToken cancellation);

    /// <summary>Looks at the channel now.</summary>
    Task<UpdateResult> UpdateAsync(CancellationToken cancellation);

    /// <summary>What an update would do now.</summary>
    Task<UpdatePlan> PlanAsync(CancellationToken cancellation);

    /// <summary>Deletes what nothing needs, or only lists it.</summary>
    Task<CollectResult> CollectAsync(bool isDryRun, CancellationToken cancellation);
}
