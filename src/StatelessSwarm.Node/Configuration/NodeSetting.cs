using StatelessSwarm.Node.Limits;

namespace StatelessSwarm.Node.Configuration;

/// <summary>A setting, the same on the command line (<c>--name</c>) and in the configuration file (<c>"name"</c>).</summary>
/// <param name="Name">Its name, words joined by '-'.</param>
/// <param name="Placeholder">What stands for the value in help.</param>
/// <param name="Description">What it does, with its default.</param>
/// <param name="Kind">How many values it takes.</param>
public sealed record NodeSetting(string Name, string Placeholder, string Description, NodeSettingKind Kind)
{
    /// <summary>Every setting.</summary>
    public static IReadOnlyList<NodeSetting> All { get; } =
    [
        new("server", "URL", "Base URL of the seed or repository.", NodeSettingKind.One),
        new("follow", "PRODUCT/CHANNEL", "What to follow, for example web/stable; or one release for ever, sha256:DIGEST.", NodeSettingKind.One),
        new("trust", "FILE", "Root metadata this machine trusts.", NodeSettingKind.One),
        new("identity", "DIR", "This machine's identity in closed swarms, as 'stateless identity enrol' makes it.", NodeSettingKind.One),
        new("enrol-token", "FILE", "Token that makes this machine an identity when it has none ('stateless identity token'); the identity is kept in the state directory unless --identity says where.", NodeSettingKind.One),
        new("state", "DIR", "State directory.", NodeSettingKind.One),
        new("run", "DIR", "Directory of the control socket.", NodeSettingKind.One),
        new("mount", "DIR", "Directory of the mounts; default mounts in the run directory.", NodeSettingKind.One),
        new("no-mount", "", "Mount nothing: stage and flip the links only.", NodeSettingKind.Flag),
        new("port", "PORT", "TCP port for peers, 0 for a free one; default 6881.", NodeSettingKind.One),
        new("listen", "ADDRESS", "Address to accept peers on; default all. May be given several times.", NodeSettingKind.Many),
        new("site", "NAME", "Name of the site: nodes of one name share a WAN link, also across subnets.", NodeSettingKind.One),
        new("site-network", "CIDR", "Network that counts as the site's own. May be given several times.", NodeSettingKind.Many),
        new("poll-interval", "TIME", "Time between looks at the channel, for example 30s or 5m; default 1m.", NodeSettingKind.One),
        new("stall-timeout", "TIME", "A download without progress for so long begins again; default 5m.", NodeSettingKind.One),
        new("no-mdns", "", "Neither announce this node to neighbours (mDNS, LSD) nor look for them.", NodeSettingKind.Flag),
        new("peer", "HOST:PORT", "Peer to connect to in any case. May be given several times.", NodeSettingKind.Many),
        new("upper-size", "SIZE", "Most bytes written above the image, for example 512M; default 256M.", NodeSettingKind.One),
        new("upload-limit", "SIZE", "Most bytes per second sent to peers, near and far together; default 0, no limit.", NodeSettingKind.One),
        Limit(LimitName.WanDown),
        Limit(LimitName.WanUp),
        Limit(LimitName.LanDown),
        Limit(LimitName.LanUp),
        Limit(LimitName.SiteWanDown),
        Limit(LimitName.SiteWanUp),
        new("wan-hours", "HH:MM-HH:MM@RATE", "Hours of the day (local time) with another WAN limit: 20:00-06:00@full, 08:00-18:00@2M, 12:00-13:00@off. May be given several times; the first that fits holds.", NodeSettingKind.Many),
        new("wan-mode", "background|normal", "background (the default): transfers beyond the WAN link take what other traffic leaves of it.", NodeSettingKind.One),
        new("activate", "now|next", "When a fetched release becomes current; default now.", NodeSettingKind.One),
        new("control-group", "GROUP", "Group that may use the control socket.", NodeSettingKind.One),
    ];

    private static NodeSetting Limit(LimitName name) =>
        new(
            LimitNames.OptionOf(name),
            "RATE",
            $"{LimitNames.DescriptionOf(name)} Bytes, not bits: 5M is 5 x 1048576; full is no limit (default), off is nothing.",
            NodeSettingKind.One
        );

    /// <summary>The setting of that name, or null.</summary>
    public static NodeSetting? Find(string name) => All.FirstOrDefault(setting => setting.Name == name);
}
