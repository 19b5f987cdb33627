using System.CommandLine;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Terminals;
using StatelessSwarm.Cli.Units;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Node.Limits;
using StatelessSwarm.Node.Torrents;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Swarm.Trackers;

namespace StatelessSwarm.Cli.Torrents;

/// <summary><c>stateless torrent get</c> and <c>serve</c></summary>
internal static class TorrentTransferCommands
{
    /// <summary>The download command.</summary>
    public static Command CreateGet(CommandContext context)
    {
        var options = new Shared();
        var file = new Argument<string>("file") { HelpName = "FILE", Description = "A .torrent file (v1, v2 or hybrid), or a magnet link." };
        var output = new Option<string>("--output", "-o") { HelpName = "DIR", Description = "Directory to download into.", Required = true };
        var seedAfter = new Option<bool>("--seed-after") { Description = "Go on serving until stopped." };
        var saveTorrent = new Option<string?>("--save-torrent")
        {
            HelpName = "FILE",
            Description = "Write the .torrent that the magnet link led to.",
        };
        var webSeeds = new Option<string[]>("--web-seed")
        {
            HelpName = "URL",
            Description = "Web seed beside the torrent's own: the file, or a directory if it ends in '/'; may be given again.",
            DefaultValueFactory = _ => [],
        };
        var noWebSeeds = new Option<bool>("--no-web-seeds") { Description = "Use no web seeds, not even the torrent's own." };
        var command = new ToolCommand(
            "get",
            "Downloads a torrent; started again, it goes on where it was.",
            "stateless torrent get root.torrent -o images --peer 10.0.0.5:6881",
            "stateless torrent get 'magnet:?xt=urn:btmh:1220...&x.pe=10.0.0.5:6881' -o images --save-torrent root.torrent"
        )
        {
            file, output, seedAfter, saveTorrent, webSeeds, noWebSeeds,
        };
        options.AddTo(command);
        command.SetAction(
            (result, cancellation) =>
                RunAsync(
                    context,
                    options.LoggersFor(context, result),
                    result.GetRequiredValue(file),
                    options.Read(result, result.GetRequiredValue(output)) with
                    {
                        ServesAfterwards = result.GetValue(seedAfter),
                        WebSeeds = [.. result.GetRequiredValue(webSeeds).Select(ParseWebSeed)],
                        UsesWebSeeds = !result.GetValue(noWebSeeds),
                    },
                    result.GetValue(saveTorrent),
                    cancellation
                )
        );
        return command;
    }

    /// <summary>The serving command.</summary>
    public static Command CreateServe(CommandContext context)
    {
        var options = new Shared();
        var file = new Argument<string>("file") { HelpName = "FILE", Description = "A .torrent file: v1, v2 or hybrid." };
        var directory = new Argument<string>("directory") { HelpName = "DIR", Description = "Directory that holds its complete content." };
        var superSeed = new Option<bool>("--super-seed")
        {
            Description = "Show every peer pieces of its own until the swarm holds all of them (BEP 16): one copy leaves this host.",
        };
        var command = new ToolCommand(
            "serve",
            "Serves a torrent's complete content until stopped; see `verify` for checking it first.",
            "stateless torrent serve root.torrent images"
        )
        {
            file, directory, superSeed,
        };
        options.AddTo(command);
        command.SetAction(
            (result, cancellation) =>
                RunAsync(
                    context,
                    options.LoggersFor(context, result),
                    result.GetRequiredValue(file),
                    options.Read(result, result.GetRequiredValue(directory)) with
                    {
                        IsSeed = true,
                        SuperSeeds = result.GetValue(superSeed),
                    },
                    saveTorrent: null,
                    cancellation
                )
        );
        return command;
    }

    private static Uri ParseWebSeed(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new CommandException(ExitCode.Usage, $"--web-seed {text}: an http or https URL expected");

    private static async Task<int> RunAsync(
        CommandContext context,
        ILoggerFactory loggers,
        string source,
        TransferOptions options,
        string? saveTorrent,
        CancellationToken cancellation
    )
    {
        using var owned = loggers;
        var link = TorrentFiles.IsMagnet(source) && !options.IsSeed ? TorrentFiles.ParseMagnet(source) : null;
        if (link is null)
            options = options with { Metainfo = TorrentFiles.Load(source) };
        else if (!MagnetTransfer.CanBegin(link, options))
            throw new CommandException(ExitCode.Usage, $"{link}: names no peer and no tracker; give --peer or --tracker");
        var isComplete = options.IsSeed;
        var name = link is null ? options.Metainfo.Info.Name : link.DisplayName ?? "magnet link";
        try
        {
            await context.Progress.RunAsync(
                options.IsSeed ? $"serving {name}" : name,
                async progress =>
                {
                    await TransferAsync(
                        context,
                        options,
                        link,
                        saveTorrent,
                        () => isComplete = true,
                        new StatusProgress(progress),
                        loggers,
                        cancellation
                    );
                    return true;
                }
            );
            return (int)ExitCode.Done;
        }
        catch (OperationCanceledException) when (isComplete)
        {
            // Serving ends when it is told to: that is success.
            return (int)ExitCode.Done;
        }
    }

    private static Task TransferAsync(
        CommandContext context,
        TransferOptions options,
        MagnetLink? link,
        string? saveTorrent,
        Action onComplete,
        IProgress<TorrentStatus> progress,
        ILoggerFactory loggers,
        CancellationToken cancellation
    )
    {
        var started = context.Time.GetTimestamp();
        var output = context.Terminal.Out;
        if (link is null)
            return TorrentTransfer.RunAsync(
                options,
                WriteReady,
                WriteComplete,
                progress,
                context.Time,
                loggers,
                cancellation
            );
        return MagnetTransfer.RunAsync(
            link,
            options,
            WriteResolved,
            WriteReady,
            WriteComplete,
            progress,
            context.Time,
            loggers,
            cancellation
        );

        void WriteReady(int port) => output.WriteLine($"ready: peers={port}");

        void WriteResolved(Metainfo metainfo)
        {
            var info = metainfo.Info;
            output.WriteLine($"torrent: {info.Name}, {info.Files.Count} files, {info.ContentBytes} bytes in {info.PieceCount} pieces");
            if (saveTorrent is not null)
                TorrentFiles.Save(metainfo, saveTorrent);
        }

        void WriteComplete(TorrentStatus status)
        {
            onComplete();
            var seconds = context.Time.GetElapsedTime(started).TotalSeconds;
            output.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"complete: {status.ContentBytes} bytes in {seconds:0.000} s, disk {status.DiskBytes}, lan {status.ReceivedLanBytes}, wan {status.ReceivedWanBytes}, http {status.ReceivedHttpBytes}, wasted {status.WastedBytes}"
                )
            );
            output.Flush();
        }
    }

    private sealed class StatusProgress(IProgress<ProgressStep> target) : IProgress<TorrentStatus>
    {
        public void Report(TorrentStatus value)
        {
            var sent = value.SentLanBytes + value.SentWanBytes;
            target.Report(
                new ProgressStep(
                    value.VerifiedBytes,
                    value.ContentBytes,
                    $"{ByteCount.Format(value.VerifiedBytes)} of {ByteCount.Format(value.ContentBytes)}, sent {ByteCount.Format(sent)}, {value.Peers} peers{WebSeeds(value)}"
                )
            );
        }
    }

    /// <summary>How web seeds stand; a line that has nothing else to show says why.</summary>
    private static string WebSeeds(TorrentStatus status)
    {
        var used = status.WebSeeds > 0 ? $", {status.WebSeeds} web seeds" : "";
        return status.WebSeedTrouble is { } trouble ? $"{used}; web seed {trouble}" : used;
    }

    /// <summary>Options that downloading and serving share.</summary>
    private sealed class Shared
    {
        private readonly Option<int> _port = new("--port")
        {
            HelpName = "PORT",
            Description = "TCP port for peers, 0 for a free one.",
            DefaultValueFactory = _ => 6881,
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

        private readonly Option<bool> _verbose = new("--verbose")
        {
            Description = "Log on the error stream every peer that leaves and every tracker that fails, and why.",
        };

        public void AddTo(Command command)
        {
            command.Add(_port);
            command.Add(_listen);
            command.Add(_peers);
            command.Add(_trackers);
            command.Add(_noLsd);
            command.Add(_uploadLimit);
            command.Add(_wanDown);
            command.Add(_wanMode);
            command.Add(_verbose);
        }

        public ILoggerFactory LoggersFor(CommandContext context, ParseResult result) =>
            result.GetValue(_verbose)
                ? LineLoggers.Create(context.Terminal.Error, isVerbose: true, context.Time)
                : NullLoggerFactory.Instance;

        public TransferOptions Read(ParseResult result, string directory)
        {
            var addresses = result.GetRequiredValue(_listen);
            return new TransferOptions
            {
                Directory = directory,
                Port = result.GetValue(_port),
                ListenAddresses = addresses.Length == 0 ? [IPAddress.IPv6Any] : [.. addresses.Select(ParseAddress)],
                Peers = [.. result.GetRequiredValue(_peers).Select(ParsePeer)],
                Trackers = [.. result.GetRequiredValue(_trackers).Select(ParseTracker)],
                UseLocalDiscovery = !result.GetValue(_noLsd),
                UploadBytesPerSecond = result.GetValue(_uploadLimit) is { } rate ? ParseRate(rate) : 0,
                Limits = TransferLimits.None with { WanDown = result.GetValue(_wanDown) is { } down ? ParseLimit(down) : null },
                IsBackground = result.GetValue(_wanMode) switch
                {
                    null or "normal" => false,
                    "background" => true,
                    var other => throw Wrong("--wan-mode", other, "normal or background"),
                },
            };
        }

        private static IPAddress ParseAddress(string text) =>
            IPAddress.TryParse(text, out var address) ? address : throw Wrong("--listen", text, "an IP address");

        private static IPEndPoint ParsePeer(string text) =>
            IPEndPoint.TryParse(text, out var endPoint) && endPoint.Port > 0
                ? endPoint
                : throw Wrong("--peer", text, "ADDRESS:PORT");

        private static Uri ParseTracker(string text) =>
            TrackerUrl.TryParse(text, out var url) ? url : throw Wrong("--tracker", text, "an http, https or udp://HOST:PORT URL");

        private static long? ParseLimit(string text) =>
            LimitRate.TryParse(text, out var rate) ? rate : throw Wrong("--wan-down", text, LimitRate.Expected);

        private static long ParseRate(string text) =>
            ByteSize.TryParse(text, out var bytes) && bytes > 0 ? bytes : throw Wrong("--upload-limit", text, "bytes per second such as 5M");

        private static CommandException Wrong(string option, string text, string expected) =>
            new(ExitCode.Usage, $"{option} {text}: {expected} expected");
    }
}
