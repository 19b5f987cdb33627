namespace StatelessSwarm.Node.Booting;

/// <summary>Why a machine runs the release it runs. The words are in boot.json: frozen.</summary>
public static class BootReason
{
    /// <summary>It is what the channel names, fetched in this boot.</summary>
    public const string Updated = "updated";

    /// <summary>It is what the channel names, and was here.</summary>
    public const string UpToDate = "up-to-date";

    /// <summary>Nobody was asked: by the parameters, or because the release is pinned and here.</summary>
    public const string NotAsked = "not-asked";

    /// <summary>No interface had a carrier in time.</summary>
    public const string NoLink = "no-link";

    /// <summary>No interface had an address in time.</summary>
    public const string NoAddress = "no-address";

    /// <summary>Neither seed nor neighbours answered in time.</summary>
    public const string NoPeer = "no-peer";

    /// <summary>What was said was not signed as it has to be, or too old.</summary>
    public const string Refused = "refused";

    /// <summary>A newer one was on its way when the time for it was over.</summary>
    public const string Budget = "budget";

    /// <summary>There is no room for the newer one.</summary>
    public const string NoRoom = "no-room";

    /// <summary>Looking for a newer one failed otherwise.</summary>
    public const string Failed = "failed";

    /// <summary>What should have been booted was bad or damaged.</summary>
    public const string FellBack = "fallback";

    /// <summary>Every reason.</summary>
    public static IReadOnlyList<string> All { get; } =
        [Updated, UpToDate, NotAsked, NoLink, NoAddress, NoPeer, Refused, Budget, NoRoom, Failed, FellBack];
}
