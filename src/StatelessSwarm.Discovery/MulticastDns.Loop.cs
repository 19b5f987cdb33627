using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Discovery.Links;
using StatelessSwarm.Discovery.Protocol;

namespace StatelessSwarm.Discovery;

/// <content>
/// The loop that owns the protocol: one bounded mailbox, one task. Packets that find it full are dropped, as the network
/// would; calls wait.
/// </content>
public sealed partial class MulticastDns
{
    private const int MailboxCapacity = 1024;

    // The system also tells of changes; this is for namespaces and kernels where it does not.
    private static readonly TimeSpan RescanInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly long _started;
    private readonly MulticastProtocol _protocol;
    private readonly LinkTable _links;
    private readonly ITimer _wake;
    private readonly ITimer _rescan;
    private readonly Dictionary<int, TaskCompletionSource> _announcing = [];
    private readonly Dictionary<int, ServiceRegistration> _registrations = [];
    private readonly Channel<Action> _mailbox = Channel.CreateBounded<Action>(
        new BoundedChannelOptions(MailboxCapacity) { SingleReader = true }
    );

    private Task _loop = Task.CompletedTask;
    private int _wakePosted;
    private int _rescanPosted;
    private bool _isStopping;

    private TimeSpan Now => _time.GetElapsedTime(_started);

    private void Start()
    {
        NetworkChange.NetworkAddressChanged += OnNetworkChanged;
        _loop = Task.Run(RunAsync);
    }

    private async Task RunAsync()
    {
        Rescan();
        await SettleAsync();
        await foreach (var step in _mailbox.Reader.ReadAllAsync())
        {
            try
            {
                step();
            }
            catch (Exception fault)
            {
                // A fault in one step is ours to mend, but no reason to go deaf.
                LogStepFailed(fault);
            }

            await SettleAsync();
            if (_isStopping)
                break;
        }

        _mailbox.Writer.TryComplete();
        NetworkChange.NetworkAddressChanged -= OnNetworkChanged;
        await _wake.DisposeAsync();
        await _rescan.DisposeAsync();
        _links.CloseAll();
        var stopped = new ObjectDisposedException(nameof(MulticastDns));
        foreach (var announced in _announcing.Values)
            announced.TrySetException(stopped);
        while (_mailbox.Reader.TryRead(out var step))
            step();
    }

    // Sends what the step left to send, tells who waits, and sets the alarm.
    private async Task SettleAsync()
    {
        while (_protocol.TryTake(out var packet, Now))
            await _links.SendAsync(packet, Now, CancellationToken.None);
        if (_isStopping)
            return;
        foreach (var (key, announced) in _announcing)
        {
            if (_protocol.IsAnnounced(key) && announced.TrySetResult())
                _announcing.Remove(key);
        }

        foreach (var (key, registration) in _registrations)
            registration.Instance = _protocol.InstanceLabel(key);
        var due = _protocol.NextDue < _links.NextDue ? _protocol.NextDue : _links.NextDue;
        var wait = due == TimeSpan.MaxValue ? LongestWait : due - Now;
        wait = wait < ShortestWait ? ShortestWait : wait > LongestWait ? LongestWait : wait;
        _wake.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private void Advance()
    {
        Volatile.Write(ref _wakePosted, 0);
        _links.OpenDue(Now);
        _protocol.Advance(Now);
    }

    private void Rescan()
    {
        Volatile.Write(ref _rescanPosted, 0);
        _links.Rescan(Now);
    }

    private void Stop()
    {
        _protocol.Close(Now);
        _isStopping = true;
    }

    // Timers and the system's events come from foreign threads; at most one of each kind waits.
    private void Poke(ref int posted, Action step)
    {
        if (Interlocked.Exchange(ref posted, 1) == 0 && !_mailbox.Writer.TryWrite(step))
            Volatile.Write(ref posted, 0);
    }

    private void OnNetworkChanged(object? sender, EventArgs change) => Poke(ref _rescanPosted, Rescan);

    private void PostPacket(IncomingPacket packet) =>
        _mailbox.Writer.TryWrite(() =>
            _protocol.Receive(packet.Link, packet.Source, packet.IsMulticast, packet.Payload, Now)
        );

    // Lost when the mailbox is full: the next send on the socket fails as well.
    private void PostFault(LinkSocket socket, SocketException fault) =>
        _mailbox.Writer.TryWrite(() => _links.Close(socket, fault, Now));

    private async Task<T> CallAsync<T>(Func<MulticastProtocol, T> call, CancellationToken cancellation)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await _mailbox.Writer.WriteAsync(Step, cancellation);
        }
        catch (ChannelClosedException closed)
        {
            throw new ObjectDisposedException("multicast DNS was stopped", closed);
        }

        return await done.Task.WaitAsync(cancellation);

        void Step()
        {
            try
            {
                ObjectDisposedException.ThrowIf(_isStopping, this);
                done.TrySetResult(call(_protocol));
            }
            catch (Exception fault)
            {
                done.TrySetException(fault);
            }
        }
    }

    private async ValueTask PostAsync(Action step)
    {
        try
        {
            await _mailbox.Writer.WriteAsync(step);
        }
        catch (ChannelClosedException)
        {
            // Stopped: everything was said goodbye to.
        }
    }

    [LoggerMessage(EventId = 5, Level = LogLevel.Error, Message = "mDNS step failed")]
    private partial void LogStepFailed(Exception fault);
}
