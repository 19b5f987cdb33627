using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Content;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Hosting;

namespace StatelessSwarm.Node.Control;

/// <summary>
/// The daemon's end of the control socket: mode 0660, so that root and one group may use it. At most
/// <see cref="MaxConnections"/> clients; one request per connection, to be sent within 10 s.
/// </summary>
internal sealed class ControlServer : IAsyncDisposable
{
    /// <summary>Clients served at once; more wait in the listener's queue.</summary>
    internal const int MaxConnections = 32;

    private const int Backlog = 128;

    private const UnixFileMode SocketMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StatusInterval = TimeSpan.FromMilliseconds(500);

    private readonly string _path;
    private readonly Socket _listener;
    private readonly INodeControl _control;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _room = new(MaxConnections);
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _clients = [];
    private readonly Task _accepting;

    private ControlServer(string path, Socket listener, INodeControl control, TimeProvider time, ILogger logger)
    {
        _path = path;
        _listener = listener;
        _control = control;
        _time = time;
        _logger = logger;
        _accepting = AcceptAsync();
    }

    /// <summary>Binds the socket, taking the place of one that a killed daemon left.</summary>
    /// <param name="path">Where; the directory is made.</param>
    /// <param name="group">Group that may use it, or null for the process's own.</param>
    /// <param name="control">Answers.</param>
    /// <param name="time">Clock.</param>
    /// <param name="logger">Log.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="IOException">It cannot be bound; names the path.</exception>
    public static async Task<ControlServer> StartAsync(
        string path,
        string? group,
        INodeControl control,
        TimeProvider time,
        ILogger logger,
        CancellationToken cancellation
    )
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        // who starts the daemon holds the state directory's lock; a socket that is there has no owner any more
        File.Delete(path);
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            listener.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, SocketMode);
            if (group is not null)
                await FileGroup.SetAsync(path, group, cancellation);
            listener.Listen(Backlog);
            return new ControlServer(path, listener, control, time, logger);
        }
        catch (Exception fault) when (fault is SocketException or ArgumentException)
        {
            listener.Dispose();
            throw new IOException($"{path}: cannot listen: {fault.Message}", fault);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Closes the socket and every connection.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        Task[] clients;
        lock (_gate)
            clients = [.. _clients];
        await Task.WhenAll(clients);
        File.Delete(_path);
        _stop.Dispose();
        _room.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _room.WaitAsync(_stop.Token);
                var socket = await _listener.AcceptAsync(_stop.Token);
                var client = ServeAsync(socket);
                lock (_gate)
                    _clients.Add(client);
                _ = client.ContinueWith(
                    ended =>
                    {
                        lock (_gate)
                            _clients.Remove(ended);
                    },
                    CancellationToken.None,
                    TaskContinuationOptions.ExecuteSynchronously,
                    TaskScheduler.Default
                );
            }
            catch (Exception fault) when (fault is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException fault)
            {
                // out of descriptors, or a client gone before it was accepted: the socket itself is fine
                _room.Release();
                NodeLog.ControlFault(_logger, fault.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(100), _time, CancellationToken.None);
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            await using var stream = new NetworkStream(socket, ownsSocket: true);
            var request = await ReadRequestAsync(stream);
            if (request is not null)
                await AnswerAsync(stream, request);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // the client went away, or we stop: nobody to tell
        }
        catch (ContentException fault)
        {
            NodeLog.ControlFault(_logger, fault.Message);
        }
        finally
        {
            _room.Release();
        }
    }

    private async Task<ControlRequest?> ReadRequestAsync(NetworkStream stream)
    {
        using var limit = new CancellationTokenSource(RequestTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stop.Token);
        try
        {
            var body = await ControlFrames.ReadAsync(stream, ControlFrames.MaxRequest, either.Token);
            return body is null ? null : ControlCodec.DecodeRequest(body);
        }
        catch (ContentException fault)
        {
            await SendAsync(stream, ControlReply.Of(new Fault(FaultKind.Usage, fault.Message)));
            throw;
        }
    }

    private async Task AnswerAsync(NetworkStream stream, ControlRequest request)
    {
        switch (request.Kind)
        {
            case ControlRequestKind.Status:
                await SendAsync(stream, ControlReply.Of(_control.GetStatus()));
                break;
            case ControlRequestKind.Leave:
                await SendAsync(stream, await RunAsync(_ => Task.FromResult(ControlReply.Of(_control.Leave()))));
                break;
            case ControlRequestKind.Limit:
                await SendAsync(stream, ControlReply.Of(_control.ChangeLimits(request.Limits!)));
                break;
            case ControlRequestKind.Watch:
                await StreamStatusAsync(stream, Task.Delay(Timeout.InfiniteTimeSpan, _time, _stop.Token));
                break;
            case ControlRequestKind.Activate:
                await SendAsync(stream, await RunAsync(async stop => ControlReply.Of(await _control.ActivateAsync(stop))));
                break;
            case ControlRequestKind.RollBack:
                await SendAsync(stream, await RunAsync(async stop => ControlReply.Of(await _control.RollBackAsync(stop))));
                break;
            case ControlRequestKind.UpdateNow:
                // the cycle goes on when the client leaves: the node wants the release anyway
                await StreamUntilAsync(stream, RunAsync(async stop => ControlReply.Of(await _control.UpdateAsync(stop))));
                break;
            case ControlRequestKind.Plan:
                await StreamUntilAsync(stream, RunAsync(async stop => ControlReply.Of(await _control.PlanAsync(stop))));
                break;
            case ControlRequestKind.Collect or ControlRequestKind.CollectDryRun:
                var isDryRun = request.Kind == ControlRequestKind.CollectDryRun;
                await StreamUntilAsync(stream, RunAsync(async stop => ControlReply.Of(await _control.CollectAsync(isDryRun, stop))));
                break;
            default:
                await SendAsync(stream, ControlReply.Of(new Fault(FaultKind.Usage, $"no such request: {(int)request.Kind}")));
                break;
        }
    }

    private async Task StreamUntilAsync(NetworkStream stream, Task<ControlReply> work)
    {
        await StreamStatusAsync(stream, work);
        await SendAsync(stream, await work);
    }

    private async Task StreamStatusAsync(NetworkStream stream, Task end)
    {
        while (!end.IsCompleted)
        {
            await SendAsync(stream, ControlReply.Of(_control.GetStatus()));
            await Task.WhenAny(end, Task.Delay(StatusInterval, _time, _stop.Token));
            _stop.Token.ThrowIfCancellationRequested();
        }
    }

    private async Task<ControlReply> RunAsync(Func<CancellationToken, Task<ControlReply>> work)
    {
        try
        {
            return await work(_stop.Token);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            return ControlReply.Of(Fault.Of(fault));
        }
        catch (OperationCanceledException)
        {
            return ControlReply.Of(new Fault(FaultKind.Failed, "the daemon is stopping"));
        }
    }

    private async Task SendAsync(NetworkStream stream, ControlReply reply)
    {
        using var limit = new CancellationTokenSource(RequestTimeout, _time);
        await ControlFrames.WriteAsync(stream, ControlCodec.Encode(reply), limit.Token);
    }
}
