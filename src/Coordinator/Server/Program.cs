using Coordinator.Server.Hosting;

return await CoordinatorProgram.RunAsync(args);
