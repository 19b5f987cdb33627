using System.Net.Sockets;
using System.Runtime.CompilerServices;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Limits;
using StatelessSwarm.Node.Status;
using StatelessSwarm.Node.Updating;

namespace StatelessSwarm.Node.Control;

/// <summary>The command line's end of the control socket.</summary>
public static class ControlClient
{
    private const int ConnectAttempts = 50;

    private static readonly TimeSpan ConnectWait = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan ReplyTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The daemon's status, or null when no daemon listens.</summary>
    public static async Task<NodeStatus?> TryGetStatusAsync(string socketPath, TimeProvider time, CancellationToken cancellation)
    {
        await foreach (var reply in TryAskAsync(socketPath, new ControlRequest(ControlRequestKind.Status), time, cancellation))
        {
            if (reply.Fault is { } fault)
                throw new NodeException(fault.Kind, fault.Line);
            return reply.Status;
        }
        return null;
    }

    /// <summary>Changes the daemon's limits and says how they stand then; null when no daemon listens.</summary>
    /// <exception cref="NodeException">It failed, or the daemon went away.</exception>
    public static async Task<LimitStatus?> TryLimitAsync(
        string socketPath,
        LimitChange change,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        await foreach (var reply in TryAskAsync(socketPath, new ControlRequest(ControlRequestKind.Limit, change), time, cancellation))
        {
            if (reply.Fault is { } fault)
                throw new NodeException(fault.Kind, fault.Line);
            return reply.Limits;
        }
        return null;
    }

    /// <summary>Statuses until cancelled; none when no daemon listens.</summary>
    public static async IAsyncEnumerable<NodeStatus> WatchAsync(
        string socketPath,
        TimeProvider time,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        await foreach (var reply in TryAskAsync(socketPath, new ControlRequest(ControlRequestKind.Watch), time, cancellation))
        {
            if (reply.Fault is { } fault)
                throw new NodeException(fault.Kind, fault.Line);
            if (reply.Status is { } status)
                yield return status;
        }
    }

    /// <summary>Has the daemon do something; null when no daemon listens.</summary>
    /// <param name="socketPath">Where it listens.</param>
    /// <param name="kind">What to do.</param>
    /// <param name="progress">Told every status on the way, or null.</param>
    /// <param name="time">Clock.</param>
    /// <param name="cancellation">Gives up waiting; the daemon goes on.</param>
    /// <exception cref="NodeException">It failed, or the daemon went away.</exception>
    public static async Task<UpdateResult?> TryRunAsync(
        string socketPath,
        ControlRequestKind kind,
        IProgress<NodeStatus>? progress,
        TimeProvider time,
        CancellationToken cancellation
    ) => (await TryFinishAsync(socketPath, kind, progress, time, cancellation))?.Result;

    /// <summary>What an update by the daemon would do; null when no daemon listens.</summary>
    /// <exception cref="NodeException">It failed, or the daemon went away.</exception>
    public static async Task<UpdatePlan?> TryPlanAsync(string socketPath, TimeProvider time, CancellationToken cancellation) =>
        (await TryFinishAsync(socketPath, ControlRequestKind.Plan, null, time, cancellation))?.Plan;

    /// <summary>What the daemon deleted, or would delete; null when no daemon listens.</summary>
    /// <exception cref="NodeException">It failed, or the daemon went away.</exception>
    public static async Task<CollectResult?> TryCollectAsync(string socketPath, bool isDryRun, TimeProvider time, CancellationToken cancellation)
    {
        var kind = isDryRun ? ControlRequestKind.CollectDryRun : ControlRequestKind.Collect;
        return (await TryFinishAsync(socketPath, kind, null, time, cancellation))?.Collected;
    }

    /// <summary>Asks the daemon to end, for the caller to go on in its place; false when no daemon listens.</summary>
    /// <exception cref="NodeException">It does not give way.</exception>
    public static async Task<bool> TryTakeOverAsync(string socketPath, TimeProvider time, CancellationToken cancellation)
    {
        await foreach (var reply in TryAskAsync(socketPath, new ControlRequest(ControlRequestKind.Leave), time, cancellation))
        {
            if (reply.Fault is { } fault)
                throw new NodeException(fault.Kind, fault.Line);
            return true;
        }
        return false;
    }

    private static async Task<ControlReply?> TryFinishAsync(
        string socketPath,
        ControlRequestKind kind,
        IProgress<NodeStatus>? progress,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var answered = false;
        await foreach (var reply in TryAskAsync(socketPath, new ControlRequest(kind), time, cancellation))
        {
            answered = true;
            if (reply.Fault is { } fault)
                throw new NodeException(fault.Kind, fault.Line);
            if (reply.Status is not { } status)
                return reply;
            progress?.Report(status);
        }
        return answered ? throw new NodeException(FaultKind.Unreachable, $"{socketPath}: the daemon ended before it was done") : null;
    }

    private static async IAsyncEnumerable<ControlReply> TryAskAsync(
        string socketPath,
        ControlRequest request,
        TimeProvider time,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        if (!await TryConnectAsync(socket, socketPath, time, cancellation))
            yield break;
        await using var stream = new NetworkStream(socket, ownsSocket: false);
        await ControlFrames.WriteAsync(stream, ControlCodec.Encode(request), cancellation);
        while (await ReadAsync(stream, socketPath, request.Kind, time, cancellation) is { } body)
            yield return ControlCodec.DecodeReply(body);
    }

    private static async Task<bool> TryConnectAsync(
        Socket socket,
        string socketPath,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellation);
                return true;
            }
            catch (SocketException fault) when (fault.SocketErrorCode is SocketError.WouldBlock or SocketError.TryAgain)
            {
                // the daemon's queue is full: it is there
                if (attempt == ConnectAttempts)
                    throw new NodeException(FaultKind.Unreachable, $"{socketPath}: the daemon is too busy to answer", fault);
            }
            catch (SocketException fault) when (fault.SocketErrorCode == SocketError.AccessDenied)
            {
                throw new NodeException(
                    FaultKind.Unreachable,
                    $"{socketPath}: permission denied: only its owner and its group may use it",
                    fault
                );
            }
            catch (Exception fault) when (fault is SocketException or ArgumentException)
            {
                // no socket, a socket nobody listens on, or a path no socket can have: there is no daemon
                return false;
            }
            await Task.Delay(ConnectWait, time, cancellation);
        }
    }

    private static async Task<byte[]?> ReadAsync(
        NetworkStream stream,
        string socketPath,
        ControlRequestKind kind,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        // activation may wait for a mount, and that for a slow disk; statuses come every half second
        using var limit = new CancellationTokenSource(ReplyTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await ControlFrames.ReadAsync(stream, ControlFrames.MaxReply, either.Token);
        }
        catch (OperationCanceledException late) when (!cancellation.IsCancellationRequested)
        {
            throw new NodeException(FaultKind.Unreachable, $"{socketPath}: the daemon did not answer {kind} in time", late);
        }
        catch (IOException fault)
        {
            throw new NodeException(FaultKind.Unreachable, $"{socketPath}: the daemon went away", fault);
        }
    }
}
