using System.Net;
using System.Net.Sockets;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Testing.Networks;
using StatelessSwarm.Testing.Processes;

namespace StatelessSwarm.Interop.Tests.Opentracker;

/// <summary>
/// opentracker (Debian: opentracker) on one free loopback port, TCP and UDP, for the swarms on its list: Debian builds
/// it for listed swarms and IPv4 only. It takes itself to the directory of its list and there becomes nobody.
/// </summary>
internal sealed class OpentrackerProgram : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _directory;
    private readonly LineProcess _process;

    private OpentrackerProgram(DirectoryInfo directory, int port)
    {
        _directory = directory;
        Port = port;
        _process = LineProcess.StartForeign(
            "opentracker",
            ["-i", "127.0.0.1", "-p", $"{port}", "-P", $"{port}", "-d", directory.FullName, "-w", "swarms"]
        );
    }

    /// <summary>TCP and UDP port.</summary>
    public int Port { get; }

    /// <summary>Starts one and waits until it accepts connections, and has read its list: it does so in a thread of its own, after it listens.</summary>
    public static async Task<OpentrackerProgram> StartAsync(params InfoHash[] swarms)
    {
        var directory = Directory.CreateTempSubdirectory("sswt-opentracker-");
        await File.WriteAllLinesAsync(Path.Combine(directory.FullName, "swarms"), swarms.Select(swarm => swarm.ToString()));
        directory.UnixFileMode |= UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        var started = new OpentrackerProgram(directory, FreePort.Take());
        try
        {
            await started.WaitUntilItAcceptsAsync();
            foreach (var swarm in swarms)
                await started.WaitUntilItKnowsAsync(swarm);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private async Task WaitUntilItKnowsAsync(InfoHash swarm)
    {
        using var giveUp = new CancellationTokenSource(Patience, TimeProvider.System);
        using var client = new HttpClient();
        var hash = string.Concat(swarm.ToString().Chunk(2).Select(pair => $"%{new string(pair)}"));
        // a peer that leaves is not remembered
        var url = new Uri($"http://127.0.0.1:{Port}/announce?info_hash={hash}&peer_id=-XX0000-000000000000&port=1&left=0&uploaded=0&downloaded=0&compact=1&event=stopped");
        while ((await client.GetStringAsync(url, giveUp.Token)).Contains("failure reason", StringComparison.Ordinal))
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, giveUp.Token);
    }

    private async Task WaitUntilItAcceptsAsync()
    {
        using var giveUp = new CancellationTokenSource(Patience, TimeProvider.System);
        while (true)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Port), giveUp.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, giveUp.Token);
            }
        }
    }
}
