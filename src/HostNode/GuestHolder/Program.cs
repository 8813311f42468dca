using HostNode.Engine.Linux;
using HostNode.GuestHolder;

// guest-holder: a process that owns the memory and the vCPUs of one synthetic guest and outlives the agent that started it.
HolderOptions options;
try
{
    options = HolderOptions.Parse(args);
}
catch (FormatException wrong)
{
    Console.Error.WriteLine($"guest-holder: {wrong.Message}\n{HolderOptions.Usage}");
    return 64;
}

try
{
    OwnSession.Enter(options.Paths.Log);
    using var holder = new Holder(options);
    using var server = new HolderServer(holder, options.Paths);
    server.Listen();
    if (options.Incoming) new Thread(Holder.WarmUp) { IsBackground = true, Name = "warm-up" }.Start();
    server.Serve();
    return 0;
}
catch (Exception failed) when (failed is IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException or ArgumentException)
{
    Console.Error.WriteLine($"guest-holder: {failed.Message}");
    return 1;
}
