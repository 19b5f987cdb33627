using System.CommandLine;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Torrents.Limits;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Node.Torrents;
using StatelessSwarm.Swarm.Identities;
using StatelessSwarm.Swarm.Trackers;

namespace StatelessSwarm.Cli.Torrents;

/// <summary>
/// The options by which <c>torrent get</c> and <c>torrent serve</c> take part in a swarm: those that most people want in the short help, the
/// rest (<see cref="TransferLimits"/>) behind <c>--help-limits</c>.
/// </summary>
internal sealed class TransferOptionSet
{
    private const long MostBytesPerSecond = 1L << 40;

    private readonly Option<string> _port = new("--port")
    {
        HelpName = "PORT",
        Description = "TCP port for peers, 0 for a free one.",
        DefaultValueFactory = _ => "6881",
    };

    private readonly Option<string[]> _listen = new("--listen")
    {
        HelpName = "ADDRESS",
        Description = "Address to accept peers on; may be given again; default all.",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string[]> _peers = new("--peer")
    {
        HelpName = "HOST:PORT",
        Description = "A peer to connect to; may be given again.",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string[]> _trackers = new("--tracker")
    {
        HelpName = "URL",
        Description = "Tracker (http, https or udp) to try before the torrent's own; may be given again.",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<bool> _noLsd = new("--no-lsd")
    {
        Description = "Neither announce the torrent on the local network nor look for peers there.",
    };

    private readonly Option<string?> _uploadLimit = new("--upload-limit")
    {
        HelpName = "RATE",
        Description = "Bytes per second sent at most, such as 5M; default no limit.",
    };

    private readonly Option<string?> _wanDown = new("--wan-down")
    {
        HelpName = "RATE",
        Description = "Bytes per second fetched at most from peers that are no neighbours, such as 5M; default no limit.",
    };

    private readonly Option<string?> _wanMode = new("--wan-mode")
    {
        HelpName = "normal|background",
        Description = "background: transfers with peers that are no neighbours take what other traffic leaves; default normal.",
    };

    private readonly Option<string?> _identity = new("--identity")
    {
        HelpName = "DIR",
        Description = "This machine's identity, for torrents that are closed to all but members of an authority (stateless identity enrol).",
    };

    private readonly Option<bool> _verbose = new("--verbose")
    {
        Description = "Log on the error stream every peer that leaves and every tracker that fails, and why.",
    };

    private readonly Option<string[]> _webSeeds = new("--web-seed")
    {
        HelpName = "URL",
        Description = "Web seed beside the torrent's own: the file, or a directory if it ends in '/'; may be given again.",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<bool> _noWebSeeds = new("--no-web-seeds")
    {
        Description = "Use no web seeds, not even the torrent's own.",
    };

    private readonly Option<bool> _superSeed = new("--super-seed")
    {
        Description = "Show every peer pieces of its own until the swarm holds all of them (BEP 16): one copy leaves this host.",
    };

    private readonly TimeProvider _time;
    private readonly bool _isForSeeds;

    /// <summary>New options for one command.</summary>
    /// <param name="isForSeeds">For serving; else for a download.</param>
    /// <param name="time">Clock for expiry.</param>
    public TransferOptionSet(bool isForSeeds, TimeProvider time)
    {
        _time = time;
        _isForSeeds = isForSeeds;
        Limits = [.. TransferLimits.Create().Where(limit => !isForSeeds || limit.IsForSeeds)];
    }

    /// <summary>The options that the short help leaves out.</summary>
    public IReadOnlyList<TransferLimit> Limits { get; }

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] own = _isForSeeds ? [_superSeed] : [_webSeeds, _noWebSeeds];
        Option[] shared = [_port, _listen, _peers, _trackers, _noLsd, _uploadLimit, _wanDown, _wanMode, _identity, _verbose];
        foreach (var option in own.Concat(shared).Concat(Limits.Select(limit => limit.Option)))
            command.Add(option);
        command.Add(LimitHelp.CreateOption(Limits));
    }

    /// <summary>Where the log goes.</summary>
    public ILoggerFactory LoggersFor(CommandContext context, ParseResult result) =>
        result.GetValue(_verbose)
            ? LineLoggers.Create(context.Terminal.Error, isVerbose: true, context.Time)
            : NullLoggerFactory.Instance;

    /// <summary>What was typed.</summary>
    /// <exception cref="Exits.CommandException">A value is wrong; names it and what was expected.</exception>
    public TransferOptions Read(ParseResult result, string directory)
    {
        var options = new TransferOptions
        {
            Directory = directory,
            Peers = [.. result.GetRequiredValue(_peers).Select(ParsePeer)],
            Trackers = [.. result.GetRequiredValue(_trackers).Select(ParseTracker)],
            UseLocalDiscovery = !result.GetValue(_noLsd),
        };
        options = options with
        {
            Swarm = options.Swarm with
            {
                Identity = result.GetValue(_identity) is { } identity ? SwarmIdentity.Open(identity, _time) : null,
                Port = LimitValue.Count("--port", result.GetRequiredValue(_port), 0, ushort.MaxValue),
                ListenAddresses =
                    result.GetRequiredValue(_listen) is { Length: > 0 } addresses
                        ? [.. addresses.Select(ParseAddress)]
                        : options.Swarm.ListenAddresses,
                Limits = options.Swarm.Limits with
                {
                    Up = result.GetValue(_uploadLimit) is { } rate ? LimitValue.Size("--upload-limit", rate, 1, MostBytesPerSecond) : null,
                    WanDown = result.GetValue(_wanDown) is { } wanDown ? LimitValue.Rate("--wan-down", wanDown) : null,
                },
                IsBackground = result.GetValue(_wanMode) switch
                {
                    null or "normal" => false,
                    "background" => true,
                    var other => throw LimitValue.Wrong("--wan-mode", other, "normal or background"),
                },
            },
        };
        options = _isForSeeds
            ? options with
            {
                Engine = options.Engine with { SuperSeeds = result.GetValue(_superSeed) },
            }
            : options with
            {
                WebSeeds = [.. result.GetRequiredValue(_webSeeds).Select(ParseWebSeed)],
                UsesWebSeeds = !result.GetValue(_noWebSeeds),
            };
        foreach (var limit in Limits)
            options = limit.Apply(result, options);
        return options;
    }

    private static IPAddress ParseAddress(string text) =>
        IPAddress.TryParse(text, out var address) ? address : throw LimitValue.Wrong("--listen", text, "an IP address");

    private static IPEndPoint ParsePeer(string text) =>
        IPEndPoint.TryParse(text, out var endPoint) && endPoint.Port > 0
            ? endPoint
            : throw LimitValue.Wrong("--peer", text, "ADDRESS:PORT");

    private static Uri ParseTracker(string text) =>
        TrackerUrl.TryParse(text, out var url)
            ? url
            : throw LimitValue.Wrong("--tracker", text, "an http, https or udp://HOST:PORT URL");

    private static Uri ParseWebSeed(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw LimitValue.Wrong("--web-seed", text, "an http or https URL");
}
