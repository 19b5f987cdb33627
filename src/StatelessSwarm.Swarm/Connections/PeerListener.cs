using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>
/// Accepts TCP connections on every configured address. What to do with one is the given function's business. A bounded number of
/// connections that have not shaken hands is kept: a further one takes the place of the oldest, so that however many connections
/// say nothing, a peer that speaks at once gets in.
/// </summary>
internal sealed partial class PeerListener : IAsyncDisposable
{
    private const int Backlog = 1024;

    private readonly List<Socket> _sockets;
    private readonly Func<Socket, Func<bool>, CancellationToken, Task> _greet;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly int _maxSilent;

    // Greeters at a time: the silent ones, and those on their way to a torrent or out; the rest waits in the kernel.
    private readonly int _maxGreeters;
    private readonly SemaphoreSlim _greeters;
    private readonly Lock _gate = new();
    private readonly LinkedList<Socket> _silent = new();
    private readonly Task[] _loops;

    private PeerListener(
        List<Socket> sockets,
        int port,
        int maxSilent,
        Func<Socket, Func<bool>, CancellationToken, Task> greet,
        ILogger logger
    )
    {
        _maxSilent = maxSilent;
        _maxGreeters = 2 * maxSilent;
        _greeters = new SemaphoreSlim(_maxGreeters, _maxGreeters);
        _sockets = sockets;
        _greet = greet;
        _logger = logger;
        Port = port;
        _loops = [.. sockets.Select(AcceptAsync)];
    }

    /// <summary>The port bound on every address.</summary>
    public int Port { get; }

    /// <summary>Binds and listens.</summary>
    /// <param name="addresses">Addresses; an IPv6 "any" also takes IPv4, and falls back to IPv4 "any" where there is no IPv6.</param>
    /// <param name="port">Port; with 0 the first address picks a free one for all.</param>
    /// <param name="maxSilent">Connections that have not shaken hands, at most.</param>
    /// <param name="greet">Takes the socket over. It calls the given function once the peer has shaken hands; false means that the
    /// connection had to make room and is closed.</param>
    /// <param name="logger">Where accept failures go.</param>
    /// <exception cref="IOException">An address cannot be bound; names it.</exception>
    public static PeerListener Start(
        IReadOnlyList<IPAddress> addresses,
        int port,
        int maxSilent,
        Func<Socket, Func<bool>, CancellationToken, Task> greet,
        ILogger logger
    )
    {
        var sockets = new List<Socket>();
        try
        {
            foreach (var address in addresses)
            {
                var socket = Bind(address, port);
                sockets.Add(socket);
                port = ((IPEndPoint)socket.LocalEndPoint!).Port;
            }
            return new PeerListener(sockets, port, maxSilent, greet, logger);
        }
        catch
        {
            sockets.ForEach(socket => socket.Dispose());
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _sockets.ForEach(socket => socket.Dispose());
        await Task.WhenAll(_loops);
        // Every greeter holds one place until it ends.
        for (var i = 0; i < _maxGreeters; i++)
            await _greeters.WaitAsync();
        _greeters.Dispose();
        _stop.Dispose();
    }

    private static Socket Bind(IPAddress address, int port)
    {
        if (address.Equals(IPAddress.IPv6Any) && !Socket.OSSupportsIPv6)
            address = IPAddress.Any;
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = address.Equals(IPAddress.IPv6Any);
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException fault)
        {
            socket.Dispose();
            throw new IOException($"{new IPEndPoint(address, port)}: cannot listen for peers: {fault.Message}", fault);
        }
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _greeters.WaitAsync(_stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            try
            {
                var socket = await listener.AcceptAsync(_stop.Token);
                PeerSocket.Configure(socket);
                _ = GreetAsync(socket);
            }
            catch (Exception fault) when (fault is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                _greeters.Release();
                if (!_stop.IsCancellationRequested)
                    LogAcceptFailed(_logger, fault.Message);
            }
        }
    }

    /// <summary>Owned through its place in <see cref="_greeters"/>, which <see cref="DisposeAsync"/> takes back.</summary>
    private async Task GreetAsync(Socket socket)
    {
        var place = Enter(socket);
        try
        {
            await _greet(socket, () => TryLeave(place), _stop.Token);
        }
        catch (Exception fault) when (fault is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            socket.Dispose();
        }
        finally
        {
            TryLeave(place);
            _greeters.Release();
        }
    }

    /// <summary>One silent connection more; the oldest makes room.</summary>
    private LinkedListNode<Socket> Enter(Socket socket)
    {
        Socket? oldest = null;
        LinkedListNode<Socket> place;
        lock (_gate)
        {
            if (_silent.Count >= _maxSilent)
            {
                oldest = _silent.First!.Value;
                _silent.RemoveFirst();
            }
            place = _silent.AddLast(socket);
        }
        oldest?.Dispose();
        return place;
    }

    /// <summary>The connection is not silent any more, or over; false when it had to make room before.</summary>
    private bool TryLeave(LinkedListNode<Socket> place)
    {
        lock (_gate)
        {
            if (place.List is null)
                return false;
            _silent.Remove(place);
            return true;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "a connection could not be accepted: {Reason}")]
    private static partial void LogAcceptFailed(ILogger logger, string reason);
}
