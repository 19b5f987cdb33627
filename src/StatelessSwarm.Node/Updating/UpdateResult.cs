using StatelessSwarm.Node.Status;

namespace StatelessSwarm.Node.Updating;

/// <summary>What came of a cycle, an activation or a rollback.</summary>
/// <param name="Outcome">What.</param>
/// <param name="Release">The release it is about.</param>
/// <param name="Note">A line for a person, for example why nothing was mounted; empty for none.</param>
public sealed record UpdateResult(UpdateOutcome Outcome, SlotRelease Release, string Note);
