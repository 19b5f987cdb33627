using System.CommandLine;
using System.Net;
using StatelessSwarm.Discovery.LocalDiscovery;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Torrents;
using StatelessSwarm.Swarm.Encryption;
using StatelessSwarm.Swarm.Hosting;

namespace StatelessSwarm.Cli.Torrents.Limits;

/// <summary>
/// Every limit and habit of the engine and of what is around it, beyond the few options that the short help shows. Defaults in the help
/// are read from the records they stand for. A test walks those records and fails when one of their members has no option.
/// </summary>
internal static class TransferLimits
{
    private const string Connections = "Connections";
    private const string Sending = "Sending";
    private const string Receiving = "Receiving";
    private const string Finding = "Finding peers";
    private const string WebSeeds = "Web seeds";

    private const int MostPeers = 65_535;
    private const long KiB = 1024;
    private const long MiB = 1024 * KiB;

    private static readonly TransferOptions Defaults = new() { Directory = "" };

    /// <summary>New options for one command.</summary>
    public static IReadOnlyList<TransferLimit> Create() =>
        [
            Count(Connections, "--max-peers", "Connections of this torrent at most", 1, MostPeers, o => o.Engine.MaxPeers, (o, v) => Engine(o, e => e with { MaxPeers = v })),
            Count(Connections, "--max-connections", "Connections in all, web seeds among them", 1, MostPeers, o => o.Swarm.MaxConnections, (o, v) => Swarm(o, s => s with { MaxConnections = v })),
            Count(Connections, "--lan-peers", "Neighbours connected to unasked", 0, MostPeers, o => o.Engine.LanPeers, (o, v) => Engine(o, e => e with { LanPeers = v })),
            Count(Connections, "--wan-peers", "Peers beyond the WAN link connected to unasked", 0, MostPeers, o => o.Engine.WanPeers, (o, v) => Engine(o, e => e with { WanPeers = v })),
            Many(Connections, "--site-network", "CIDR", "Network whose peers count as neighbours, beside those of the interfaces; may be given again.", (o, texts) => Swarm(o, s => s with { SiteNetworks = [.. texts.Select(ParseNetwork)] })),
            One(Connections, "--site", "NAME", "Name of the site: peers of that name count as neighbours if by their addresses they may be.", (o, text) => Swarm(o, s => s with { Site = text })),
            Count(Connections, "--half-open", "Connection attempts under way at a time", 1, 1024, o => o.Engine.MaxHalfOpen, (o, v) => Engine(o, e => e with { MaxHalfOpen = v })),
            Count(Connections, "--max-silent", "Connections kept that have not shaken hands yet", 1, 4096, o => o.Swarm.MaxSilentConnections, (o, v) => Swarm(o, s => s with { MaxSilentConnections = v })),
            Time(Connections, "--connect-timeout", "Time for a connection attempt, handshake included", 1, 300, o => o.Swarm.ConnectTimeout, (o, v) => Swarm(o, s => s with { ConnectTimeout = v })),
            Time(Connections, "--handshake-timeout", "Time for the handshake of a peer that connects", 1, 300, o => o.Swarm.HandshakeTimeout, (o, v) => Swarm(o, s => s with { HandshakeTimeout = v })),
            Time(Connections, "--silence-timeout", "A peer that says nothing for so long is gone", 10, 3600, o => o.Engine.SilenceTimeout, (o, v) => Engine(o, e => e with { SilenceTimeout = v })),
            Time(Connections, "--keep-alive", "Silence of ours after which a keep-alive is sent", 10, 3600, o => o.Engine.KeepAliveInterval, (o, v) => Engine(o, e => e with { KeepAliveInterval = v })),
            One(Connections, "--encryption", "HOW", "plain: connect in plaintext, accept both; prefer: try encrypted first; require: nothing else. MSE hides the traffic from filters, it protects nothing. Default plain.", (o, text) => Swarm(o, s => s with { Encryption = ParseEncryption(text) })),
            Rate(Sending, "--wan-up", "sent at most to peers that are no neighbours", (l, rate) => l with { WanUp = rate }),
            Rate(Sending, "--lan-up", "sent at most to neighbours", (l, rate) => l with { LanUp = rate }),
            Count(Sending, "--upload-slots", "Peers served at a time", 1, MostPeers, o => o.Engine.UploadSlots, (o, v) => Engine(o, e => e with { UploadSlots = v })),
            Count(Sending, "--request-queue", "Requests a peer may have waiting here", 1, 65_536, o => o.Engine.RequestQueue, (o, v) => Engine(o, e => e with { RequestQueue = v })),
            Size(Sending, "--upload-ahead", "Data on its way out to all peers together", 32 * KiB, 1024 * MiB, o => o.Engine.UploadAhead, (o, v) => Engine(o, e => e with { UploadAhead = (int)v })),
            Size(Sending, "--upload-ahead-per-peer", "Data on its way out to one peer", 32 * KiB, 256 * MiB, o => o.Engine.UploadAheadPerPeer, (o, v) => Engine(o, e => e with { UploadAheadPerPeer = (int)v })),
            Time(Sending, "--upload-stall-timeout", "A peer that takes nothing of what it asked for in this time is dropped", 5, 3600, o => o.Engine.UploadStallTimeout, (o, v) => Engine(o, e => e with { UploadStallTimeout = v })),
            Count(Sending, "--hashed-pieces", "Pieces hashed at a time because peers ask for leaves (BEP 52)", 1, 64, o => o.Engine.HashedPieces, (o, v) => Engine(o, e => e with { HashedPieces = v })),
            ForDownloads(Rate(Receiving, "--lan-down", "fetched at most from neighbours", (l, rate) => l with { LanDown = rate })),
            ForDownloads(Size(Receiving, "--request-ahead", "Data asked of one peer and not yet received", 64 * KiB, 64 * MiB, o => o.Engine.RequestAhead, (o, v) => Engine(o, e => e with { RequestAhead = (int)v }))),
            ForDownloads(Count(Receiving, "--piece-checks", "Pieces of a v1 torrent hashed at a time", 1, 256, o => o.Engine.PieceChecks, (o, v) => Engine(o, e => e with { PieceChecks = v }))),
            Switch(Receiving, "--no-claims", "Do not agree with neighbours who fetches what from beyond the WAN link.", o => Engine(o, e => e with { UsesClaims = false })),
            ForDownloads(One(Receiving, "--journal", "FILE", "Journal of finished pieces; default .NAME.resume in the directory.", (o, text) => o with { JournalPath = Path.GetFullPath(text) })),
            Switch(Finding, "--no-trackers", "Ask no tracker but those of --tracker.", o => o with { UsesOwnTrackers = false }),
            ForDownloads(Time(Finding, "--neighbour-wait", "Time at the start in which neighbours are heard of by LSD before the WAN link is used", 0, 60, o => o.NeighbourWait, (o, v) => o with { NeighbourWait = v })),
            Switch(Finding, "--announce-once", "Announce a hybrid torrent under its v1 hash only, not under the v2 hash as well.", o => o with { AnnouncesEveryHash = false }),
            Switch(Finding, "--no-pex", "Neither tell peers of each other nor take such hints (BEP 11).", o => Engine(o, e => e with { UsesExchange = false })),
            Many(Finding, "--lsd-interface", "NAME", "Interface for local service discovery; may be given again; default all.", (o, texts) => Lsd(o, l => l with { Interfaces = texts })),
            Switch(Finding, "--no-lsd-ipv4", "No local service discovery over IPv4.", o => Lsd(o, l => l with { UseIPv4 = false })),
            Switch(Finding, "--no-lsd-ipv6", "No local service discovery over IPv6.", o => Lsd(o, l => l with { UseIPv6 = false })),
            ForDownloads(Count(Finding, "--magnet-peers", "Peers asked at a time for the torrent that a magnet link names", 1, 256, o => o.MagnetConnections, (o, v) => o with { MagnetConnections = v })),
            ForDownloads(Count(WebSeeds, "--max-web-seeds", "Web seeds used", 1, 256, o => o.MaxWebSeeds, (o, v) => o with { MaxWebSeeds = v })),
            ForDownloads(Count(WebSeeds, "--web-seed-transfers", "Ranges fetched at a time from one web seed", 1, 64, o => o.WebSeedTransfers, (o, v) => o with { WebSeedTransfers = v })),
            ForDownloads(Time(WebSeeds, "--web-seed-delay", "Time without a peer that gives before web seeds are used", 0, 86_400, o => o.WebSeedDelay, (o, v) => o with { WebSeedDelay = v })),
        ];

    private static TransferOptions Engine(TransferOptions options, Func<EngineOptions, EngineOptions> change) =>
        options with { Engine = change(options.Engine) };

    private static TransferOptions Swarm(TransferOptions options, Func<SwarmOptions, SwarmOptions> change) =>
        options with { Swarm = change(options.Swarm) };

    private static TransferOptions Lsd(TransferOptions options, Func<LocalServiceDiscoveryOptions, LocalServiceDiscoveryOptions> change) =>
        options with { LocalDiscovery = change(options.LocalDiscovery) };

    private static TransferLimit ForDownloads(TransferLimit limit) => limit with { IsForSeeds = false };

    private static TransferLimit Count(
        string group,
        string name,
        string what,
        int from,
        int to,
        Func<TransferOptions, int> get,
        Func<TransferOptions, int, TransferOptions> set
    ) =>
        One(group, name, "N", $"{what}; {from} to {to}, default {get(Defaults)}.", (o, text) => set(o, LimitValue.Count(name, text, from, to)));

    private static TransferLimit Size(
        string group,
        string name,
        string what,
        long from,
        long to,
        Func<TransferOptions, long> get,
        Func<TransferOptions, long, TransferOptions> set
    ) =>
        One(
            group,
            name,
            "SIZE",
            $"{what}; {LimitValue.Format(from)} to {LimitValue.Format(to)}, default {LimitValue.Format(get(Defaults))}.",
            (o, text) => set(o, LimitValue.Size(name, text, from, to))
        );

    private static TransferLimit Time(
        string group,
        string name,
        string what,
        int fromSeconds,
        int toSeconds,
        Func<TransferOptions, TimeSpan> get,
        Func<TransferOptions, TimeSpan, TransferOptions> set
    )
    {
        var from = TimeSpan.FromSeconds(fromSeconds);
        var to = TimeSpan.FromSeconds(toSeconds);
        return One(
            group,
            name,
            "TIME",
            $"{what}; {Duration.Format(from)} to {Duration.Format(to)}, default {Duration.Format(get(Defaults))}.",
            (o, text) => set(o, LimitValue.Time(name, text, from, to))
        );
    }

    private static TransferLimit Rate(string group, string name, string what, Func<Engine.Limits.TransferLimits, long?, Engine.Limits.TransferLimits> set) =>
        One(
            group,
            name,
            "RATE",
            $"Bytes per second {what}, such as 5M; default no limit.",
            (o, text) => Swarm(o, s => s with { Limits = set(s.Limits, LimitValue.Rate(name, text)) })
        );

    private static TransferLimit One(
        string group,
        string name,
        string placeholder,
        string description,
        Func<TransferOptions, string, TransferOptions> set
    )
    {
        var option = new Option<string?>(name) { HelpName = placeholder, Description = description, Hidden = true };
        return new TransferLimit(group, option, true, (result, o) => result.GetValue(option) is { } text ? set(o, text) : o);
    }

    private static TransferLimit Many(
        string group,
        string name,
        string placeholder,
        string description,
        Func<TransferOptions, string[], TransferOptions> set
    )
    {
        var option = new Option<string[]>(name) { HelpName = placeholder, Description = description, Hidden = true };
        return new TransferLimit(group, option, true, (result, o) => result.GetValue(option) is { Length: > 0 } texts ? set(o, texts) : o);
    }

    private static TransferLimit Switch(string group, string name, string description, Func<TransferOptions, TransferOptions> set)
    {
        var option = new Option<bool>(name) { Description = description, Hidden = true };
        return new TransferLimit(group, option, true, (result, o) => result.GetValue(option) ? set(o) : o);
    }

    private static StreamEncryption ParseEncryption(string text) =>
        text switch
        {
            "plain" => StreamEncryption.Plain,
            "prefer" => StreamEncryption.Prefer,
            "require" => StreamEncryption.Require,
            _ => throw LimitValue.Wrong("--encryption", text, "plain, prefer or require"),
        };

    private static IPNetwork ParseNetwork(string text) =>
        IPNetwork.TryParse(text, out var network)
            ? network
            : throw LimitValue.Wrong("--site-network", text, "a network such as 10.1.0.0/16");
}
