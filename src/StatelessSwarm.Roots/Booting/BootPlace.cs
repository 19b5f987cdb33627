namespace StatelessSwarm.Roots.Booting;

/// <summary>Where a release that may be booted stands.</summary>
public enum BootPlace
{
    /// <summary>It is next: it becomes current.</summary>
    Next,

    /// <summary>It is current.</summary>
    Current,

    /// <summary>It is previous: the machine goes back to it.</summary>
    Previous,

    /// <summary>It is in no slot.</summary>
    Other,
}
