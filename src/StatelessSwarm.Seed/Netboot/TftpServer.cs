using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace StatelessSwarm.Seed.Netboot;

/// <summary>
/// Gives files by TFTP (RFC 1350), to firmware that speaks nothing else: read-only, a few at a time, each from a port of its own. A block
/// that is not acknowledged is sent again after a second, six times.
/// </summary>
internal sealed partial class TftpServer : IAsyncDisposable
{
    /// <summary>Transfers at once; requests beyond it are not answered, and come again.</summary>
    private const int MaxTransfers = 64;

    private const int Tries = 6;
    private const int MaxPacket = 2048;
    private const byte Data = 3;
    private const byte Acknowledgement = 4;
    private const byte Error = 5;
    private const byte OptionAcknowledgement = 6;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly NetbootOptions _options;
    private readonly Socket _socket;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _transfers = [];
    private readonly Task _loop;

    private TftpServer(NetbootOptions options, Socket socket, TimeProvider time, ILogger logger)
    {
        _options = options;
        _socket = socket;
        _time = time;
        _logger = logger;
        _loop = ServeAsync();
    }

    /// <summary>The port.</summary>
    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    /// <summary>Starts it.</summary>
    /// <exception cref="IOException">The port cannot be bound.</exception>
    public static TftpServer Start(NetbootOptions options, int port, TimeProvider time, ILogger logger)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
        }
        catch (SocketException fault)
        {
            socket.Dispose();
            throw new IOException($"UDP port {port} (TFTP): {fault.Message}", fault);
        }
        return new TftpServer(options, socket, time, logger);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _socket.Dispose();
        await _loop;
        Task[] transfers;
        lock (_gate)
            transfers = [.. _transfers];
        await Task.WhenAll(transfers);
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        var buffer = new byte[MaxPacket];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var received = await _socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
                if (TftpRequest.TryRead(buffer.AsSpan(0, received.ReceivedBytes), LengthOf) is { } request)
                    Begin(request, (IPEndPoint)received.RemoteEndPoint);
            }
            catch (Exception fault) when (fault is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // an ICMP answer to an earlier packet: nothing to do with this socket's life
            }
        }
    }

    private long? LengthOf(string name) => _options.PathOf(name) is { } path ? new FileInfo(path).Length : null;

    private void Begin(TftpRequest request, IPEndPoint client)
    {
        lock (_gate)
        {
            if (_transfers.Count >= MaxTransfers)
                return;
            var transfer = TransferAsync(request, client);
            _transfers.Add(transfer);
            _ = transfer.ContinueWith(
                ended =>
                {
                    lock (_gate)
                        _transfers.Remove(ended);
                },
                CancellationToken.None,
                TaskContinuationOptions.None,
                TaskScheduler.Default
            );
        }
    }

    private async Task TransferAsync(TftpRequest request, IPEndPoint client)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            await socket.ConnectAsync(client, _stop.Token);
            if (_options.PathOf(request.Name) is not { } path)
            {
                byte[] refusal = [0, Error, 0, 1, .. "no such file"u8, 0];
                await socket.SendAsync(refusal.AsMemory(), _stop.Token);
                return;
            }
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            LogTransfer(_logger, client, request.Name, file.Length);
            if (request.Accepted.Count > 0 && !await SendAsync(socket, OptionPacket(request), 0))
                return;
            var packet = new byte[4 + request.BlockSize];
            for (ushort block = 1; ; block = unchecked((ushort)(block + 1)))
            {
                var count = await file.ReadAtLeastAsync(packet.AsMemory(4), request.BlockSize, throwOnEndOfStream: false, _stop.Token);
                packet[1] = Data;
                BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), block);
                if (!await SendAsync(socket, packet.AsMemory(0, 4 + count), block) || count < request.BlockSize)
                    return;
            }
        }
        catch (Exception fault) when (fault is IOException or SocketException or OperationCanceledException or UnauthorizedAccessException)
        {
            // the client went away, or we stop
        }
    }

    private static byte[] OptionPacket(TftpRequest request)
    {
        var text = string.Concat(request.Accepted.Select(option => $"{option.Key}\0{option.Value}\0"));
        return [0, OptionAcknowledgement, .. Encoding.ASCII.GetBytes(text)];
    }

    private async Task<bool> SendAsync(Socket socket, ReadOnlyMemory<byte> packet, ushort block)
    {
        var answer = new byte[MaxPacket];
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            await socket.SendAsync(packet, _stop.Token);
            using var limit = new CancellationTokenSource(Patience, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stop.Token);
            try
            {
                while (true)
                {
                    var count = await socket.ReceiveAsync(answer, either.Token);
                    if (count >= 2 && answer[1] == Error)
                        return false;
                    // what repeats an earlier block is not answered: each side would double every packet for ever (RFC 1123 4.2.3.1)
                    if (count >= 4 && answer[1] == Acknowledgement && BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(2)) == block)
                        return true;
                }
            }
            catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
            {
                // not acknowledged in time: once more
            }
        }
        return false;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "TFTP {Client}: {Name}, {Bytes} bytes")]
    private static partial void LogTransfer(ILogger logger, IPEndPoint client, string name, long bytes);
}
