using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Discovery.Protocol;

namespace StatelessSwarm.Discovery.Links;

/// <summary>
/// The loop that owns a protocol and its sockets: one bounded mailbox, one task, two timers. Packets that find the mailbox full are dropped, as the
/// network would; calls wait.
/// </summary>
internal sealed partial class LinkLoop
{
    private const int MailboxCapacity = 1024;

    // The system also tells of changes; this is for namespaces and kernels where it does not.
    private static readonly TimeSpan RescanInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly ILinkProtocol _protocol;
    private readonly MulticastGroup _group;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action _settled;
    private readonly long _started;
    private readonly LinkTable _links;
    private readonly ITimer _wake;
    private readonly ITimer _rescan;
    private readonly Channel<Action> _mailbox = Channel.CreateBounded<Action>(
        new BoundedChannelOptions(MailboxCapacity) { SingleReader = true }
    );

    private Task _loop = Task.CompletedTask;
    private int _wakePosted;
    private int _rescanPosted;
    private bool _isStopping;

    /// <summary>Prepares; <see cref="Start"/> begins.</summary>
    /// <param name="protocol">Owned by the loop from now on.</param>
    /// <param name="filter">Interfaces to use.</param>
    /// <param name="group">Where the protocol speaks.</param>
    /// <param name="time">Clock.</param>
    /// <param name="logger">Where faults go.</param>
    /// <param name="settled">Called in the loop after each step, when everything the step left to send has been sent.</param>
    public LinkLoop(
        ILinkProtocol protocol,
        LinkFilter filter,
        MulticastGroup group,
        TimeProvider time,
        ILogger logger,
        Action settled
    )
    {
        _protocol = protocol;
        _group = group;
        _time = time;
        _logger = logger;
        _settled = settled;
        _started = time.GetTimestamp();
        _links = new LinkTable(filter, group, protocol, logger, PostPacket, PostFault);
        _wake = time.CreateTimer(_ => Poke(ref _wakePosted, Advance), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _rescan = time.CreateTimer(_ => Poke(ref _rescanPosted, Rescan), null, RescanInterval, RescanInterval);
    }

    /// <summary>Time since the loop was made; what the protocol is told.</summary>
    public TimeSpan Now => _time.GetElapsedTime(_started);

    /// <summary>Opens the sockets and runs.</summary>
    public void Start()
    {
        NetworkChange.NetworkAddressChanged += OnNetworkChanged;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Runs a step in the loop and returns what it returns.</summary>
    /// <exception cref="ObjectDisposedException">The loop was stopped.</exception>
    public async Task<T> CallAsync<T>(Func<T> call, CancellationToken cancellation)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await _mailbox.Writer.WriteAsync(Step, cancellation);
        }
        catch (ChannelClosedException closed)
        {
            throw new ObjectDisposedException($"{_group.Name} was stopped", closed);
        }

        return await done.Task.WaitAsync(cancellation);

        void Step()
        {
            try
            {
                ObjectDisposedException.ThrowIf(_isStopping, this);
                done.TrySetResult(call());
            }
            catch (Exception fault)
            {
                done.TrySetException(fault);
            }
        }
    }

    /// <summary>Runs a step in the loop; dropped when it was stopped.</summary>
    public async ValueTask PostAsync(Action step)
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

    /// <summary>Runs a last step, sends what it left to send, and closes the sockets.</summary>
    public async Task StopAsync(Action last)
    {
        await PostAsync(() =>
        {
            last();
            _isStopping = true;
        });
        await _loop;
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
                LogStepFailed(_group.Name, fault);
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
        _settled();
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

    [LoggerMessage(EventId = 5, Level = LogLevel.Error, Message = "{Protocol} step failed")]
    private partial void LogStepFailed(string protocol, Exception fault);
}
