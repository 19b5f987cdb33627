using StatelessSwarm.Node.Status;

namespace StatelessSwarm.Node.Updating;

/// <summary>What an update would do.</summary>
public sealed record UpdatePlan
{
    /// <summary>The channel's release.</summary>
    public required SlotRelease Release { get; init; }

    /// <summary>It is in place, or next: nothing would be done.</summary>
    public required bool IsInPlace { get; init; }

    /// <summary>Bytes of its files.</summary>
    public required long TotalBytes { get; init; }

    /// <summary>Bytes that would be fetched, the chunk map included; of a release that is here already, none.</summary>
    public required long FetchBytes { get; init; }

    /// <summary>Bytes that this machine has: by release they come from, the most useful first.</summary>
    public required IReadOnlyList<PlannedReuse> Reused { get; init; }

    /// <summary>Why nothing could be compared, for a person; empty when it could, or nothing is here to compare with.</summary>
    public string Note { get; init; } = "";

    /// <summary>Bytes of room that it takes.</summary>
    public required long RoomNeeded { get; init; }

    /// <summary>Bytes of room there are.</summary>
    public required long RoomAvailable { get; init; }
}
