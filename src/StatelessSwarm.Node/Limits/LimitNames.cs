using StatelessSwarm.Engine.Limits;

namespace StatelessSwarm.Node.Limits;

/// <summary>The limits by name: their options, and their places in <see cref="TransferLimits"/>.</summary>
public static class LimitNames
{
    /// <summary>All, in the order of their numbers.</summary>
    public static IReadOnlyList<LimitName> All { get; } = Enum.GetValues<LimitName>();

    /// <summary>The option, without its dashes.</summary>
    public static string OptionOf(LimitName name) =>
        name switch
        {
            LimitName.WanDown => "wan-down",
            LimitName.WanUp => "wan-up",
            LimitName.LanDown => "lan-down",
            LimitName.LanUp => "lan-up",
            LimitName.SiteWanDown => "site-wan-down",
            LimitName.SiteWanUp => "site-wan-up",
            LimitName.Upload => "upload-limit",
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such limit"),
        };

    /// <summary>What it limits, for help.</summary>
    public static string DescriptionOf(LimitName name) =>
        name switch
        {
            LimitName.WanDown => "Most bytes per second this node fetches from beyond the WAN link.",
            LimitName.WanUp => "Most bytes per second this node sends beyond the WAN link.",
            LimitName.LanDown => "Most bytes per second this node fetches from neighbours.",
            LimitName.LanUp => "Most bytes per second this node sends to neighbours.",
            LimitName.SiteWanDown => "Most bytes per second all members of the site together fetch from beyond the WAN link; the same on every member.",
            LimitName.SiteWanUp => "Most bytes per second all members of the site together send beyond the WAN link; the same on every member.",
            LimitName.Upload => "Most bytes per second this node sends to peers, near and far together.",
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such limit"),
        };

    /// <summary>One of the limits, bytes per second; null for none.</summary>
    public static long? Get(TransferLimits limits, LimitName name) =>
        name switch
        {
            LimitName.WanDown => limits.WanDown,
            LimitName.WanUp => limits.WanUp,
            LimitName.LanDown => limits.LanDown,
            LimitName.LanUp => limits.LanUp,
            LimitName.SiteWanDown => limits.SiteWanDown,
            LimitName.SiteWanUp => limits.SiteWanUp,
            LimitName.Upload => limits.Up,
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such limit"),
        };

    /// <summary>The limits with one of them changed.</summary>
    public static TransferLimits With(TransferLimits limits, LimitName name, long? bytesPerSecond) =>
        name switch
        {
            LimitName.WanDown => limits with { WanDown = bytesPerSecond },
            LimitName.WanUp => limits with { WanUp = bytesPerSecond },
            LimitName.LanDown => limits with { LanDown = bytesPerSecond },
            LimitName.LanUp => limits with { LanUp = bytesPerSecond },
            LimitName.SiteWanDown => limits with { SiteWanDown = bytesPerSecond },
            LimitName.SiteWanUp => limits with { SiteWanUp = bytesPerSecond },
            LimitName.Upload => limits with { Up = bytesPerSecond },
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such limit"),
        };
}
