using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Terminals;
using StatelessSwarm.Cli.Units;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Node.Torrents;
using StatelessSwarm.Swarm.Hosting;

namespace StatelessSwarm.Cli.Torrents;

/// <summary><c>stateless torrent get</c> and <c>serve</c></summary>
internal static class TorrentTransferCommands
{
    /// <summary>The download command.</summary>
    public static Command CreateGet(CommandContext context)
    {
        var options = new TransferOptionSet(isForSeeds: false, context.Time);
        var file = new Argument<string>("file") { HelpName = "FILE", Description = "A .torrent file (v1, v2 or hybrid), or a magnet link." };
        var output = new Option<string>("--output", "-o") { HelpName = "DIR", Description = "Directory to download into.", Required = true };
        var seedAfter = new Option<bool>("--seed-after") { Description = "Go on serving until stopped." };
        var saveTorrent = new Option<string?>("--save-torrent")
        {
            HelpName = "FILE",
            Description = "Write the .torrent that the magnet link led to.",
        };
        var command = new ToolCommand(
            "get",
            "Downloads a torrent; started again, it goes on where it was.",
            "stateless torrent get root.torrent -o images --peer 10.0.0.5:6881",
            "stateless torrent get 'magnet:?xt=urn:btmh:1220...&x.pe=10.0.0.5:6881' -o images --save-torrent root.torrent"
        )
        {
            file, output, seedAfter, saveTorrent,
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
        var options = new TransferOptionSet(isForSeeds: true, context.Time);
        var file = new Argument<string>("file") { HelpName = "FILE", Description = "A .torrent file: v1, v2 or hybrid." };
        var directory = new Argument<string>("directory") { HelpName = "DIR", Description = "Directory that holds its complete content." };
        var command = new ToolCommand(
            "serve",
            "Serves a torrent's complete content until stopped; see `verify` for checking it first.",
            "stateless torrent serve root.torrent images"
        )
        {
            file, directory,
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
                    },
                    saveTorrent: null,
                    cancellation
                )
        );
        return command;
    }

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
                    $"complete: {status.ContentBytes} bytes in {seconds:0.000} s, disk {status.DiskBytes}, lan {status.ReceivedLanBytes}, wan {status.ReceivedWanBytes}, http {status.ReceivedHttpBytes}, wasted {status.WastedBytes}, control {status.SentControlBytes}"
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
}
