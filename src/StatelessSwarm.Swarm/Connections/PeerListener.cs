using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>
/// Accepts TCP connections on every configured address. What to do with one is the given function's business; at most
/// <see cref="MaxPending"/> of them run at a time, the rest wait in the kernel's backlog.
/// </summary>
internal sealed partial class PeerListener : IAsyncDisposable
{
    /// <summary>Connections that have not shaken hands yet, at most. A storm of silent ones costs this many sockets for 10 s each.</summary>
    public const int MaxPending = 256;

    private const int Backlog = 1024;

    private readonly List<Socket> _sockets;
    private readonly Func<Socket, CancellationToken, Task> _greet;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _pending = new(MaxPending, MaxPending);
    private readonly Task[] _loops;

    private PeerListener(List<Socket> sockets, int port, Func<Socket, CancellationToken, Task> greet, ILogger logger)
    {
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
    /// <param name="greet">Takes the socket over.</param>
    /// <param name="logger">Where accept failures go.</param>
    /// <exception cref="IOException">An address cannot be bound; names it.</exception>
    public static PeerListener Start(
        IReadOnlyList<IPAddress> addresses,
        int port,
        Func<Socket, CancellationToken, Task> greet,
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
            return new PeerListener(sockets, port, greet, logger);
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
        for (var i = 0; i < MaxPending; i++)
            await _pending.WaitAsync();
        _pending.Dispose();
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
                await _pending.WaitAsync(_stop.Token);
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
                _pending.Release();
                if (!_stop.IsCancellationRequested)
                    LogAcceptFailed(_logger, fault.Message);
            }
        }
    }

    /// <summary>Owned through its place in <see cref="_pending"/>, which <see cref="DisposeAsync"/> takes back.</summary>
    private async Task GreetAsync(Socket socket)
    {
        try
        {
            await _greet(socket, _stop.Token);
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            socket.Dispose();
        }
        finally
        {
            _pending.Release();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "a connection could not be accepted: {Reason}")]
    private static partial void LogAcceptFailed(ILogger logger, string reason);
}
